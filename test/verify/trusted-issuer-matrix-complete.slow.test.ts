import { describeMatrix } from '../support/describe-matrix.js';

describeMatrix(1);
