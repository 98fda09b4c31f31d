import { Component, type ReactNode } from "react";

interface ContentBoundaryProps {
  /** Shown when what is within it fails. */
  readonly otherwise: ReactNode;
  readonly children: ReactNode;
}

/** Keeps to a file's content what it fails at: somebody else's bytes never take the host's page down. */
export class ContentBoundary extends Component<ContentBoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? this.props.otherwise : this.props.children;
  }
}
