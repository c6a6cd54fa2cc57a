import { useState, type JSX } from 'react';
import { textOf } from '../../../src/model/errors.ts';
import { door } from '../browser/door.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { texts } from '../texts.ts';
import { csvHead, csvOf, exportRowsMax, jsonLinesOf, readParts } from './export-rows.ts';
import { messageFilterOf, type ViewFilter } from './view-filter.ts';

const t = texts.messages;
const forms = {
  csv: { type: 'text/csv;charset=utf-8', begin: csvHead, make: csvOf },
  jsonl: { type: 'application/x-ndjson', begin: '', make: jsonLinesOf },
} as const;

export function ExportMenu({ filter }: { readonly filter: ViewFilter }): JSX.Element {
  const [running, setRunning] = useState<{ readonly text: string; readonly ending: AbortController } | null>(
    null,
  );

  const start = async (form: keyof typeof forms): Promise<void> => {
    const ending = new AbortController();
    const say = (text: string): void => setRunning({ text, ending });
    const nowMs = door.nowMs();
    say(t.exporting(0));
    try {
      const { parts, rows, isCut } = await readParts(
        messageFilterOf(filter, nowMs),
        forms[form],
        ending.signal,
        (read) => say(t.exporting(read)),
      );
      download(`messages-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '')}.${form}`, {
        type: forms[form].type,
        parts,
      });
      say(isCut ? t.exportCut(exportRowsMax) : t.exported(rows));
    } catch (error) {
      if (!ending.signal.aborted) say(t.exportFailed(textOf(error)));
    }
  };
  const close = (): void => {
    running?.ending.abort();
    setRunning(null);
  };

  return (
    <>
      <Menu
        label={t.export}
        items={[
          { label: t.exportCsv, choose: () => void start('csv') },
          { label: t.exportJson, choose: () => void start('jsonl') },
        ]}
      >
        <Icon name="save" />
        <span className="tool-word">{t.export}</span>
      </Menu>
      {running !== null && (
        <Dialog title={t.export} onClose={close}>
          <div className="dialog-body">
            <p role="status">{running.text}</p>
            <div className="dialog-actions">
              <button type="button" className="button" onClick={close}>
                {texts.close}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

function download(
  name: string,
  { type, parts }: { readonly type: string; readonly parts: readonly Blob[] },
): void {
  const address = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  door.after(10_000, () => URL.revokeObjectURL(address));
}
