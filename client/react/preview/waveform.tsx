import { type MouseEvent, useEffect, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useClient } from "../use-client.ts";
import { useLoaded } from "./use-loaded.ts";

interface WaveformProps {
  readonly file: FileRecord;
  readonly player: HTMLAudioElement | null;
}

/** Bars that can be told apart at any width. */
const BARS = 120;
/** Of a bar's height, in the units of the peaks: silence is a line. */
const LOWEST = 2;

/** As many bars as are shown, each the highest of its peaks, from 0 to 100. */
export function barsOf(peaks: readonly number[], count: number): readonly number[] {
  return Array.from({ length: Math.min(count, peaks.length) }, (_, bar) => {
    const size = peaks.length / Math.min(count, peaks.length);
    const [start, end] = [
      Math.floor(bar * size),
      Math.max(Math.floor(bar * size) + 1, Math.floor((bar + 1) * size)),
    ];
    return Math.max(LOWEST, ...peaks.slice(start, end));
  });
}

function peaksIn(value: unknown): readonly number[] {
  const peaks = typeof value === "object" && value !== null && "peaks" in value ? value.peaks : undefined;
  return Array.isArray(peaks) ? peaks.filter((peak): peak is number => typeof peak === "number") : [];
}

/** How far the player is, 0 to 1. */
function usePosition(player: HTMLAudioElement | null): number {
  const [position, setPosition] = useState(0);
  useEffect(() => {
    if (player === null) return undefined;
    const look = () => setPosition(player.duration > 0 ? player.currentTime / player.duration : 0);
    const life = new AbortController();
    for (const name of ["timeupdate", "seeking", "ended"]) player.addEventListener(name, look, life);
    return () => life.abort();
  }, [player]);
  return position;
}

function seek(player: HTMLAudioElement | null, event: MouseEvent<HTMLElement>): void {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  if (player !== null && player.duration > 0)
    player.currentTime = ((event.clientX - left) / width) * player.duration;
}

/** What a sound looks like. A click goes there; by keyboard, the player's own slider does. */
export function Waveform({ file, player }: WaveformProps) {
  const { files } = useClient();
  const position = usePosition(player);
  const { loaded } = useLoaded(`${file.id}/${file.version}`, async (signal) => {
    const blob = await files.contentBlob(file.id, "waveform", { signal });
    return barsOf(peaksIn(JSON.parse(await blob.text())), BARS);
  });
  if (loaded.kind !== "ready") return <div className="cw-waveform" />;
  const bars = loaded.value;
  return (
    <div className="cw-waveform" aria-hidden="true" onClick={(event) => seek(player, event)}>
      <svg viewBox={`0 0 ${bars.length} 100`} preserveAspectRatio="none">
        {bars.map((height, bar) => (
          <rect
            // Bars have no other name than their place.
            // oxlint-disable-next-line react/no-array-index-key
            key={bar}
            x={bar + 0.15}
            y={50 - height / 2}
            width={0.7}
            height={height}
            data-played={bar / bars.length < position || undefined}
          />
        ))}
      </svg>
    </div>
  );
}
