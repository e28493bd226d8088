import { STORE_DRILLS } from '../../examples/gateway/drills/drills.js';
import { describeDrills } from '../support/describe-drills.js';

// A file for the drills that mostly wait, so that they run beside the others.
describeDrills('a drill of the stores and the clock:', STORE_DRILLS);
