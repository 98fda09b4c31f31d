/** How an image lies in its frame: enlarged about the frame's middle, and moved from there. */
export interface Zoom {
  /** 1: all of it is seen. */
  readonly scale: number;
  /** In CSS pixels of the frame. */
  readonly x: number;
  readonly y: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
export const MAX_SCALE = 8;
/** Of one step by button or key. */
export const ZOOM_STEP = 1.5;
/** Of one step by arrow key, in CSS pixels. */
export const PAN_STEP = 60;

function within(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

/** Keeps at least half of the frame filled: what is enlarged can't be lost beside it. */
function bounded({ scale, x, y }: Zoom, frame: Size): Zoom {
  if (scale <= 1) return WHOLE;
  const reach = (scale - 1) / 2;
  return { scale, x: within(x, frame.width * reach), y: within(y, frame.height * reach) };
}

/** Enlarges by a factor; what is under `at` (from the frame's middle) stays there. */
export function zoomBy(zoom: Zoom, factor: number, frame: Size, at: Point = { x: 0, y: 0 }): Zoom {
  const scale = Math.max(1, Math.min(MAX_SCALE, zoom.scale * factor));
  const ratio = scale / zoom.scale;
  return bounded({ scale, x: at.x - (at.x - zoom.x) * ratio, y: at.y - (at.y - zoom.y) * ratio }, frame);
}

export function panBy(zoom: Zoom, by: Point, frame: Size): Zoom {
  return bounded({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y }, frame);
}
