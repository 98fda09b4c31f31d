import type { CSSProperties } from "react";

export interface ProgressBarProps {
  readonly label: string;
  /** 0 to 1 */
  readonly portion: number;
  /** Whether it moves: what rests is drawn grey. */
  readonly isMoving?: boolean;
}

export function ProgressBar({ label, portion, isMoving = true }: ProgressBarProps) {
  return (
    <div
      className="cw-bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(portion * 100)}
      data-moving={isMoving}
      style={{ "--cw-portion": portion } as CSSProperties}
    />
  );
}
