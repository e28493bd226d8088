const express = require('express');
const { authenticate, requireScope, verifiedToken } = require('passport-jwe');

/** @param auth `keyRing`, `issuer` and `audience` of the environment, for `authenticate()` */
function createApp(auth) {
  const app = express();
  app.use(authenticate(auth));
  app.get('/documents', requireScope('read:documents'), (req, res) => {
    const { sub, tenant } = verifiedToken(req).claims;
    res.json({ owner: sub, tenant });
  });
  return app;
}

module.exports = { createApp };
