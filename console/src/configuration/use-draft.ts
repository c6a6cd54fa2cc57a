import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import {
  configAnswerSchema,
  definitionRevisionSchema,
  previewSchema,
  type ConfigPreview,
  type DefinitionKind,
  type DefinitionRevision,
  type DefinitionView,
} from '../../../src/model/config.ts';
import { codeOf, textOf } from '../../../src/model/errors.ts';
import { ask, tell } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { texts } from '../texts.ts';
import type { Content } from './content.ts';

const t = texts.configuration;
const typedAfterMs = 250;

export interface Draft {
  /** As it stands in a file; what was typed, also where it is wrong. */
  readonly text: string;
  /** The last one that could be read. */
  readonly content: Content;
  /** Of what stands there now; null while that is being asked for. */
  readonly preview: ConfigPreview | null;
  /** Of the definition that it began from; 0 where there was none. */
  readonly revision: number;
  readonly isChanged: boolean;
  readonly isSaving: boolean;
  readonly said: { readonly kind: 'saved' | 'note' | 'fault' | 'conflict'; readonly text: string } | null;
}

export interface DraftActions {
  readonly type: (text: string) => void;
  readonly write: (content: Content) => void;
  readonly save: () => Promise<void>;
  /** Begins anew with what is there. */
  readonly discard: () => Promise<void>;
  /** Keeps what was written, and takes what is there by now as seen. */
  readonly keepMine: () => Promise<void>;
  readonly bringBack: (revision: number) => Promise<void>;
}

interface Options {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly found: DefinitionView | null;
  /** What a new one begins with. */
  readonly begun: Content;
  readonly refresh: () => void;
}

type Patch = (part: Partial<Draft>) => void;
type Body = { readonly text: string } | { readonly content: Content };
type Place = Pick<Options, 'kind' | 'name'>;

/**
 * One definition while somebody writes it. Text and form are two looks at it; the server turns one into the other and says
 * what is wrong, what changes and whom it reaches. Saving names the revision that was seen, so that a change of somebody
 * else is met and never lost.
 */
export function useDraft(options: Options): readonly [Draft, DraftActions] {
  const { found, begun } = options;
  const [draft, setDraft] = useState<Draft>(() => ({
    text: '',
    content: found?.content ?? begun,
    preview: null,
    revision: found?.revision ?? 0,
    isChanged: found === null,
    isSaving: false,
    said: null,
  }));
  const patch = useCallback<Patch>((part) => setDraft((before) => ({ ...before, ...part })), []);
  const check = useCheck(options, patch);
  const begin = useEffectEvent(() => check({ content: found?.content ?? begun }, 0));
  // Once only: what others change meanwhile must not take away what is being written.
  useEffect(() => begin(), []);
  return [draft, actionsOf(options, draft, patch, check)];
}

/** Asks the server about the draft; a later question takes the place of one that has no answer yet. */
function useCheck({ kind, name }: Place, patch: Patch): (body: Body, afterMs: number) => void {
  const asking = useRef<{ cancel(): void } | null>(null);
  useEffect(() => () => asking.current?.cancel(), []);
  return useCallback(
    (body, afterMs) => {
      asking.current?.cancel();
      const ending = new AbortController();
      const ask = async (): Promise<void> => {
        try {
          const request = { kind, name, ...body };
          const { signal } = ending;
          const preview = await tell('/api/v1/config/preview', request, previewSchema, { signal });
          const { text, content } = preview;
          if (!signal.aborted) patch({ preview, text, ...(content !== null && { content }) });
        } catch (error) {
          if (!ending.signal.aborted) patch({ said: { kind: 'fault', text: textOf(error) } });
        }
      };
      const timer = door.after(afterMs, () => void ask());
      asking.current = {
        cancel: () => {
          timer.cancel();
          ending.abort();
        },
      };
    },
    [kind, name, patch],
  );
}

function read({ kind, name }: Place, revision?: number): Promise<DefinitionRevision> {
  const query = new URLSearchParams({
    kind,
    name,
    ...(revision !== undefined && { revision: String(revision) }),
  });
  return ask(`/api/v1/config/definition?${query}`, definitionRevisionSchema);
}

function actionsOf(
  { kind, name, refresh }: Options,
  draft: Draft,
  patch: Patch,
  check: (body: Body, afterMs: number) => void,
): DraftActions {
  const show = (content: Content, part: Partial<Draft>): void => {
    patch({ content, preview: null, ...part });
    check({ content }, 0);
  };
  const fault = (text: string): void => patch({ said: { kind: 'fault', text } });
  const discard = async (): Promise<void> => {
    try {
      const { content, now } = await read({ kind, name });
      show(content ?? {}, { revision: now, isChanged: false, said: null });
    } catch (error) {
      fault(textOf(error));
    }
  };
  return {
    type: (text) => {
      patch({ text, preview: null, isChanged: true, said: null });
      check({ text }, typedAfterMs);
    },
    write: (content) => {
      patch({ content, preview: null, isChanged: true, said: null });
      check({ content }, typedAfterMs);
    },
    discard,
    save: async () => {
      const { content, revision } = draft;
      patch({ isSaving: true, said: null });
      try {
        await tell('/api/v1/config', { changes: [{ kind, name, revision, content }] }, configAnswerSchema);
        refresh();
        await discard();
        patch({ isSaving: false, said: { kind: 'saved', text: t.saved } });
      } catch (error) {
        const isConflict = codeOf(error) === 'WK_CONFLICT';
        const text = t.notSaved(textOf(error));
        patch({ isSaving: false, said: { kind: isConflict ? 'conflict' : 'fault', text } });
      }
    },
    keepMine: async () => {
      // Removed by the other one: then it is written anew.
      const now = await read({ kind, name }).then(
        (one) => one.now,
        () => 0,
      );
      show(draft.content, { revision: now, isChanged: true, said: null });
    },
    bringBack: async (revision) => {
      try {
        const { content, now } = await read({ kind, name }, revision);
        const said = { kind: 'note', text: t.broughtBack(revision) } as const;
        show(content ?? {}, { revision: now, isChanged: true, said });
      } catch (error) {
        fault(textOf(error));
      }
    },
  };
}
