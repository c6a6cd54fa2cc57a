import type { JSX } from 'react';
import { MessagesPage } from '../messages/messages-page.tsx';

export function OverviewPage(): JSX.Element {
  return <MessagesPage openId={null} />;
}
