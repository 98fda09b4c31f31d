import { Component, type ErrorInfo, type ReactNode } from "react";
import { useUploads } from "../hooks/use-uploads.ts";
import { Icon } from "../icons/icon.tsx";
import { Button } from "../ui/button.tsx";
import { Root } from "../ui/root.tsx";
import { isRunning } from "../uploader/summary.ts";
import { useTexts } from "../use-client.ts";

export interface UploadErrorBoundaryProps {
  readonly children: ReactNode;
  /** For the host's own reports. */
  onError?(error: unknown, info: ErrorInfo): void;
}

function Failure({ onReload }: { onReload(): void }) {
  const { boundary: texts } = useTexts();
  const running = useUploads().filter(isRunning).length;
  return (
    <Root className="cw-notice" data-tone="danger" role="alert">
      <Icon name="warning" />
      <div>
        <h3>{texts.title}</h3>
        <p>{texts.safe(running)}</p>
      </div>
      <Button icon="retry" onClick={onReload}>
        {texts.reload}
      </Button>
    </Root>
  );
}

/** Shows what stays when a component within it fails: transfers belong to the client, and go on. */
export class UploadErrorBoundary extends Component<
  UploadErrorBoundaryProps,
  { readonly hasFailed: boolean }
> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    this.props.onError?.(error, info);
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return <Failure onReload={() => this.setState({ hasFailed: false })} />;
  }
}
