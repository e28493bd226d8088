import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import express from 'express';
import http2Express from 'http2-express';
import { addRoutes } from './app.mjs';

const app = addRoutes(http2Express(express));
const certificate = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };

createSecureServer({ ...certificate, allowHTTP1: true }, app).listen(process.env.PORT ?? 3000);
