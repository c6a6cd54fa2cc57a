import { WatchError } from '../model/errors.ts';
import { unreachable } from '../model/invariant.ts';
import type { Severity } from '../model/severity.ts';
import { quoted } from './lexer.ts';
import {
  primaryManager,
  type DatePattern,
  type FlexiblePolicy,
  type ListedManager,
  type MessageCondition,
  type PatternText,
  type ResponsibleManagers,
  type Rule,
  type ServiceOperation,
  type SystemReference,
  type Target,
  type TimeCondition,
  type TimeTemplate,
} from './syntax.ts';
import { weekdays } from './words.ts';

/**
 * The canonical text of a policy: two spaces a level, one thing a line. Reading it gives the same policy again. Comments
 * are not kept. WK_BAD_REQUEST for a text that no string of the language can hold.
 */
export function printPolicy({ timeTemplates, statusVariables, managers }: FlexiblePolicy): string {
  const lines = [
    ...section(0, 'TIMETEMPLATES', timeTemplates.flatMap(timeTemplateLines)),
    ...section(
      0,
      'CONDSTATUSVARS',
      statusVariables.map(({ name, initially }) => `  CONDSTATUSVAR ${string(name)} ${boolean(initially)}`),
    ),
    ...section(0, 'RESPMGRCONFIGS', managers.flatMap(managersLines)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function section(level: number, title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${'  '.repeat(level)}${title}`, ...lines];
}

function string(value: string): string {
  const text = quoted(value);
  if (text === null)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `${JSON.stringify(value)} cannot stand in a policy: a single backslash may not come before a quote or at the end`,
    );
  return text;
}

function boolean(value: boolean): string {
  return value ? 'True' : 'False';
}

function timeTemplateLines({ name, description, zone, conditions }: TimeTemplate): string[] {
  return [
    `  TIMETEMPLATE ${string(name)} DESCRIPTION ${string(description)}`,
    ...(zone ? [`    TIMEZONETYPE ${zone.type} TIMEZONEVALUE ${string(zone.value)}`] : []),
    ...section(
      2,
      'TIMETMPLCONDS',
      conditions.map((condition) => `      ${timeConditionText(condition)}`),
    ),
  ];
}

export function timeConditionText({ type, time, weekday, date }: TimeCondition): string {
  const parts = ['TIMETMPLCOND TIMECONDTYPE', type];
  if (time) parts.push('TIME FROM', minuteText(time.from), 'TO', minuteText(time.to));
  if (weekday)
    parts.push(
      'WEEKDAY',
      ...(weekday.from === weekday.to
        ? ['ON', weekdayText(weekday.from)]
        : ['FROM', weekdayText(weekday.from), 'TO', weekdayText(weekday.to)]),
    );
  if (date)
    parts.push(
      'DATE',
      ...(date.to ? ['FROM', dateText(date.from), 'TO', dateText(date.to)] : ['ON', dateText(date.from)]),
    );
  return parts.join(' ');
}

function minuteText(minute: number): string {
  return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`;
}

function weekdayText(day: number): string {
  return weekdays[day - 1] ?? '';
}

/** Month first, as the older form has it, unless month or day are any. */
function dateText({ year, month, day }: DatePattern): string {
  const two = (part: number | null): string => (part === null ? '*' : String(part).padStart(2, '0'));
  const yearText = year === null ? '*' : String(year).padStart(4, '0');
  return month === null || day === null
    ? `${yearText}/${two(month)}/${two(day)}`
    : `${two(month)}/${two(day)}/${yearText}`;
}

function managersLines({ description, secondary, actionAllowed, rules }: ResponsibleManagers): string[] {
  return [
    `  RESPMGRCONFIG DESCRIPTION ${string(description)}`,
    '    SECONDARYMANAGERS',
    ...secondary.map((manager) => `      SECONDARYMANAGER ${managerText(manager)}`),
    '    ACTIONALLOWMANAGERS',
    ...actionAllowed.map((manager) => `      ACTIONALLOWMANAGER ${managerText(manager)}`),
    ...section(2, 'MSGTARGETRULES', rules.flatMap(ruleLines)),
  ];
}

function managerText({ system, description }: ListedManager): string {
  const text = description === null ? '' : ` DESCRIPTION ${string(description)}`;
  return `NODE ${systemText(system)}${text}`;
}

/** As it stands behind NODE or OPCMGR. */
export function systemText(system: SystemReference): string {
  switch (system.kind) {
    case 'primary':
      return primaryManager;
    case 'other':
      return `OTHER ${string(system.name)}`;
    case 'address': {
      const { family, address, name, id } = system;
      const parts = [family === 4 ? 'IP' : 'IP6', address];
      if (name !== null) parts.push(string(name));
      if (id !== null) parts.push('ID', string(id));
      return parts.join(' ');
    }
    default:
      return unreachable(system);
  }
}

function ruleLines({ description, conditions, outcome }: Rule): string[] {
  return [
    `      MSGTARGETRULE DESCRIPTION ${string(description)}`,
    '        MSGTARGETRULECONDS',
    ...conditions.map((condition) => `          ${conditionText(condition)}`),
    ...(outcome.kind === 'targets'
      ? [
          '        MSGTARGETMANAGERS',
          ...outcome.targets.map((target) => `          ${targetText(target)}`),
          ...(outcome.acknowledgeNonLocal ? ['        ACKNONLOCALMGR'] : []),
        ]
      : [
          '        MSGOPERATIONS',
          ...outcome.operations.map((operation) => `          ${operationText(operation)}`),
        ]),
  ];
}

function targetText({ timeTemplate, manager, share }: Target): string {
  const words = { control: ' MSGCONTROLLINGMGR', notify: ' NOTIFYMGR' };
  return `MSGTARGETMANAGER TIMETEMPLATE ${string(timeTemplate)} OPCMGR ${systemText(manager)}${share ? words[share] : ''}`;
}

function operationText({ when, operation }: ServiceOperation): string {
  const parts = ['MSGOPERATION'];
  if (when) parts.push(`${when.not ? 'NOT ' : ''}TIMETEMPLATE ${string(when.timeTemplate)}`);
  parts.push(operation.kind);
  if ('on' in operation) parts.push(boolean(operation.on));
  return parts.join(' ');
}

/** On one line, as the printer writes it. */
export function conditionText(condition: MessageCondition): string {
  const { type, description, severities, nodes } = condition;
  const parts = ['MSGTARGETRULECOND', `DESCRIPTION ${string(description ?? '')}`];
  if (severities) parts.push(`SEVERITY ${severities.map(severityText).join(' ')}`);
  if (nodes) parts.push(`NODE ${nodes.map(systemText).join(' ')}`);
  const texts = {
    APPLICATION: condition.application,
    MSGGRP: condition.group,
    OBJECT: condition.object,
    MSGTYPE: condition.messageType,
    CONDSTATUSVAR: condition.statusVariable,
  };
  for (const [word, text] of Object.entries(texts)) if (text !== null) parts.push(`${word} ${string(text)}`);
  if (condition.text) parts.push(`TEXT ${patternText(condition.text)}`);
  if (condition.service) parts.push(`SERVICE_NAME ${patternText(condition.service)}`);
  if (type !== 'Match') parts.push(`MSGCONDTYPE ${type}`);
  return parts.join(' ');
}

function patternText({ source, separators, ignoreCase }: PatternText): string {
  const parts = [string(source)];
  if (separators !== null) parts.push(`SEPARATORS ${string(separators)}`);
  if (ignoreCase) parts.push('ICASE');
  return parts.join(' ');
}

/** `Major` for major. */
export function severityText(severity: Severity): string {
  return severity.slice(0, 1).toUpperCase() + severity.slice(1);
}
