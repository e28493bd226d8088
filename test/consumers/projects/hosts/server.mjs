import { app } from './app.mjs';

app.listen(process.env.PORT ?? 3000);
