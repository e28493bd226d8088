export type {
  AnswersByKind,
  AnswerTarget,
  Revoker,
  SuspicionAnswer,
} from './answer-suspicion.js';
export { createMonitor, type Monitor, type MonitorOptions } from './create-monitor.js';
export type {
  CountThreshold,
  RateThreshold,
  SuspicionThresholds,
} from './suspicion-thresholds.js';
export type { SuspicionKind, SuspiciousUse } from './suspicious-use.js';
