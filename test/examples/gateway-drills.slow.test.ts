import { DRILLS, STORE_DRILLS } from '../../examples/gateway/drills/drills.js';
import { describeDrills } from '../support/describe-drills.js';

describeDrills(
  'a drill of the gateway:',
  DRILLS.filter((drill) => !STORE_DRILLS.includes(drill)),
);
