import type { SuspiciousUse } from '../../src/monitor/suspicious-use.js';
import { createRandom } from './random.js';
import { ATTACKS, type Attack } from './simulated-attacks.js';
import { SimulatedService, type SimulatedToken } from './simulated-service.js';
import { pick, type Random, SimulatedMachine, SimulatedUser, STEP_SECONDS } from './simulated-users.js';
import { NOW } from './tokens.js';

const DAY_SECONDS = 86_400;

/** Attacks begin when it is known what is usual. */
const ATTACKS_FROM_SECONDS = 8 * 3600;
const ATTACKS_UNTIL_SECONDS = 23 * 3600;

/** How long after its end an attack may still be reported. */
const AFTERMATH_SECONDS = 600;

const USERS_PER_KEY = 20;

export interface DayPlan {
  readonly seed: number;
  readonly users: number;
  readonly machines: number;
  readonly attacksOfEach: number;
}

interface LaunchedAttack extends Attack {
  readonly name: string;
  readonly from: number;
  readonly until: number;
}

export interface DayReport {
  readonly requests: number;
  /** By name of the attack: how many there were, and how many of them raised an alert. */
  readonly attacks: ReadonlyMap<string, { readonly launched: number; readonly detected: number }>;
  /** Alerts that are about no attack. */
  readonly falseAlarms: readonly SuspiciousUse[];
}

/** A day of honest traffic, and attacks at times that are drawn, as one monitor sees it. */
export async function simulateDay(plan: DayPlan): Promise<DayReport> {
  const random = createRandom(plan.seed);
  const service = new SimulatedService();
  const users = Array.from(
    { length: plan.users },
    (_, index) => new SimulatedUser(index, `app-${Math.floor(index / USERS_PER_KEY)}`, random),
  );
  const machines = Array.from({ length: plan.machines }, (_, index) => new SimulatedMachine(index, random));
  const due = scheduleAttacks(plan, random);
  const launched: LaunchedAttack[] = [];

  for (let seconds = 0; seconds < DAY_SECONDS; seconds += STEP_SECONDS) {
    service.now = NOW + seconds;
    for (const user of users) user.step(service, seconds / 3600);
    for (const machine of machines) machine.step(service);
    for (const attack of launched) if (service.now < attack.until) attack.act();
    while ((due.at(-1)?.at ?? DAY_SECONDS) <= seconds) {
      const next = due.pop();
      if (next !== undefined)
        launched.push(launch(next.name, { service, index: launched.length, random, users }));
    }
    // What the trail promised is let go of.
    await null;
  }
  return report(service, launched);
}

interface ScheduledAttack {
  readonly name: string;
  readonly at: number;
}

/** The last one comes first. */
function scheduleAttacks({ attacksOfEach }: DayPlan, random: Random): ScheduledAttack[] {
  const span = ATTACKS_UNTIL_SECONDS - ATTACKS_FROM_SECONDS;
  return Object.keys(ATTACKS)
    .flatMap((name) => Array.from({ length: attacksOfEach }, () => name))
    .map((name) => ({ name, at: ATTACKS_FROM_SECONDS + random() * span }))
    .sort((one, other) => other.at - one.at);
}

function launch(
  name: string,
  context: {
    readonly service: SimulatedService;
    readonly index: number;
    readonly random: Random;
    readonly users: readonly SimulatedUser[];
  },
): LaunchedAttack {
  const { service, random, users } = context;
  const victims = users.flatMap((victim) => {
    const { token } = victim;
    return token !== undefined && isFresh(token, service.now) ? [{ victim, token }] : [];
  });
  const create = ATTACKS[name];
  if (create === undefined) throw new RangeError(`There is no attack ${name}`);
  const attack = create({ ...context, ...pick(victims, random) });
  return { ...attack, name, from: service.now, until: service.now + attack.seconds };
}

/** Just issued, so that its owner is about to use it. */
function isFresh({ expiresAt }: SimulatedToken, now: number): boolean {
  return expiresAt - now >= 540;
}

function report(service: SimulatedService, launched: readonly LaunchedAttack[]): DayReport {
  const detected = new Set<LaunchedAttack>();
  const falseAlarms = service.alerts.filter((alert) => {
    const at = Date.parse(alert.time) / 1000;
    const meant = launched.filter(
      ({ from, until, isSubject }) => at >= from && at < until + AFTERMATH_SECONDS && isSubject(alert),
    );
    for (const attack of meant) detected.add(attack);
    return meant.length === 0;
  });
  const attacks = Object.keys(ATTACKS).map((name) => {
    const ofThatName = launched.filter((attack) => attack.name === name);
    const found = ofThatName.filter((attack) => detected.has(attack));
    return [name, { launched: ofThatName.length, detected: found.length }] as const;
  });
  return { requests: service.requests, attacks: new Map(attacks), falseAlarms };
}
