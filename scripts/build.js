import { bundle, writeFiles } from './bundle.js';

const { files } = await bundle();
await writeFiles(files);
