import { describeMatrix } from '../support/describe-matrix.js';

// All cells are in trusted-issuer-matrix-complete.slow.test.ts.
describeMatrix(5);
