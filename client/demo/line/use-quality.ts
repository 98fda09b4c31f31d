import { useSyncExternalStore } from "react";
import type { Line, Quality } from "./line.ts";

export function useQuality(line: Line): Quality {
  return useSyncExternalStore(
    (listener) => line.subscribe(listener),
    () => line.quality,
  );
}
