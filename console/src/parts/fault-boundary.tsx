import { Component, type JSX, type ReactNode } from 'react';
import { textOf } from '../../../src/model/errors.ts';
import { texts } from '../texts.ts';
import { Blank } from './blank.tsx';

interface Props {
  readonly children: ReactNode;
}

/** A page that breaks takes nothing else with it: the header, the banner and what was asked for stay. */
export class FaultBoundary extends Component<Props, { readonly because: string | null }> {
  override state: { readonly because: string | null } = { because: null };

  static getDerivedStateFromError(error: unknown): { because: string } {
    return { because: textOf(error) };
  }

  override render(): JSX.Element {
    const { because } = this.state;
    if (because === null) return <>{this.props.children}</>;
    return (
      <Blank icon="alert" title={texts.broken(because)} hint={texts.brokenHint} isFault>
        <button type="button" className="button" onClick={() => this.setState({ because: null })}>
          {texts.tryAgain}
        </button>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          {texts.loadAnew}
        </button>
      </Blank>
    );
  }
}
