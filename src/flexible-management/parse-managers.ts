import { parseConditions } from './parse-message-condition.ts';
import { parseSystem } from './parse-system.ts';
import type {
  ListedManager,
  ResponsibleManagers,
  Rule,
  RuleOperations,
  RuleTargets,
  ServiceOperation,
  Target,
} from './syntax.ts';
import type { TokenReader } from './token-reader.ts';
import { booleanOf, listed } from './words.ts';

const behindRule = ['MSGTARGETRULE', 'RESPMGRCONFIG'] as const;

/** One RESPMGRCONFIG, whose keyword some texts leave out. */
export function parseManagers(reader: TokenReader): ResponsibleManagers {
  const at = reader.begin();
  if (!reader.accept('RESPMGRCONFIG')) {
    if (reader.keyword('DESCRIPTION') === null) throw reader.needs('RESPMGRCONFIG');
    reader.warn(at, 'RESPMGRCONFIG is missing before DESCRIPTION');
  }
  reader.expect('DESCRIPTION');
  const description = reader.string('a text');
  const secondary = listOf(reader, 'SECONDARYMANAGERS', 'SECONDARYMANAGER');
  const actionAllowed = listOf(reader, 'ACTIONALLOWMANAGERS', 'ACTIONALLOWMANAGER');
  const rules = parseRules(reader);
  if (!reader.isAtEnd && reader.keyword('RESPMGRCONFIG', 'DESCRIPTION') === null) {
    reader.begin();
    throw reader.needs(
      rules.length > 0
        ? 'MSGTARGETRULE, RESPMGRCONFIG or the end'
        : 'SECONDARYMANAGERS, ACTIONALLOWMANAGERS, MSGTARGETRULES, RESPMGRCONFIG or the end',
    );
  }
  return { at, description, secondary, actionAllowed, rules };
}

function listOf(reader: TokenReader, section: string, item: string): ListedManager[] {
  if (!reader.accept(section)) return [];
  return reader.many(
    () => reader.keyword(item) !== null,
    () => {
      const at = reader.begin();
      reader.expect(item);
      reader.expect('NODE');
      const system = parseSystem(reader);
      return { at, system, description: parseDescription(reader) };
    },
    [item, 'SECONDARYMANAGERS', 'ACTIONALLOWMANAGERS', 'MSGTARGETRULES', 'RESPMGRCONFIG'],
  );
}

function parseDescription(reader: TokenReader): string | null {
  return reader.accept('DESCRIPTION') ? reader.string('a text') : null;
}

function parseRules(reader: TokenReader): Rule[] {
  if (reader.keyword('MSGTARGETRULECONDS') !== null) {
    const at = reader.at;
    reader.warn(at, 'MSGTARGETRULES MSGTARGETRULE DESCRIPTION "…" is missing before MSGTARGETRULECONDS');
    return [parseRuleBody(reader, at, '')];
  }
  if (!reader.accept('MSGTARGETRULES')) return [];
  return reader.many(
    () => reader.keyword('MSGTARGETRULE') !== null,
    () => {
      const at = reader.begin();
      reader.expect('MSGTARGETRULE');
      reader.expect('DESCRIPTION');
      return parseRuleBody(reader, at, reader.string('a text'));
    },
    behindRule,
  );
}

function parseRuleBody(reader: TokenReader, at: Rule['at'], description: string): Rule {
  reader.begin();
  reader.expect('MSGTARGETRULECONDS');
  const conditions = parseConditions(reader);
  reader.begin();
  if (reader.accept('MSGTARGETMANAGERS'))
    return { at, description, conditions, outcome: parseTargets(reader) };
  if (reader.accept('MSGOPERATIONS'))
    return { at, description, conditions, outcome: parseOperations(reader) };
  throw reader.needs('MSGTARGETRULECOND, MSGTARGETMANAGERS or MSGOPERATIONS');
}

function parseTargets(reader: TokenReader): RuleTargets {
  const targets = reader.many(
    () => reader.keyword('MSGTARGETMANAGER') !== null,
    () => parseTarget(reader),
    ['MSGTARGETMANAGER', ...behindRule],
  );
  return { kind: 'targets', targets, acknowledgeNonLocal: reader.accept('ACKNONLOCALMGR') };
}

function parseTarget(reader: TokenReader): Target {
  const at = reader.begin();
  reader.expect('MSGTARGETMANAGER');
  reader.expect('TIMETEMPLATE');
  const timeTemplate = reader.string('the name of a time template');
  reader.expect('OPCMGR');
  const manager = parseSystem(reader);
  if (reader.accept('MSGCONTROLLINGMGR')) return { at, timeTemplate, manager, share: 'control' };
  return { at, timeTemplate, manager, share: reader.accept('NOTIFYMGR') ? 'notify' : null };
}

function parseOperations(reader: TokenReader): RuleOperations {
  const operations = reader.many(
    () => reader.keyword('MSGOPERATION') !== null,
    () => parseOperation(reader),
    ['MSGOPERATION', ...behindRule],
  );
  return { kind: 'operations', operations };
}

const operationWords = ['INSERVICE', 'SUPPRESS', 'LOGONLY', 'TROUBLETICKET', 'NOTIFICATION'] as const;

function parseOperation(reader: TokenReader): ServiceOperation {
  const at = reader.begin();
  reader.expect('MSGOPERATION');
  const when = parseWhen(reader);
  const kind = reader.keyword(...operationWords);
  if (kind === null) throw reader.needs(listed(operationWords));
  reader.expect(kind);
  const operation =
    kind === 'TROUBLETICKET' || kind === 'NOTIFICATION'
      ? { kind, on: reader.value('True or False', booleanOf) }
      : { kind };
  return { at, when, operation };
}

function parseWhen(reader: TokenReader): ServiceOperation['when'] {
  const not = reader.accept('NOT');
  if (not) reader.expect('TIMETEMPLATE');
  else if (!reader.accept('TIMETEMPLATE')) return null;
  return { timeTemplate: reader.string('the name of a time template'), not };
}
