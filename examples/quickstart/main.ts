/** Runs one of the quick starts. Usage: npm run quickstart [-- middleware | passport] */
const [name = 'middleware'] = process.argv.slice(2);

if (name === 'middleware') await import('./middleware.js');
else if (name === 'passport') await import('./passport.js');
else {
  console.error(`Unknown quick start ${JSON.stringify(name)}; expected one of: middleware, passport`);
  process.exitCode = 2;
}
