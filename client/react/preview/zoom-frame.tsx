import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { IconButton } from "../ui/button.tsx";
import { useTexts } from "../use-client.ts";
import { PAN_STEP, panBy, type Point, type Size, WHOLE, type Zoom, ZOOM_STEP, zoomBy } from "./zoom.ts";

interface ZoomFrameProps {
  /** What is in it, for who can't see it. */
  readonly label: string;
  readonly children: ReactNode;
}

function sizeOf(element: HTMLElement): Size {
  return { width: element.clientWidth, height: element.clientHeight };
}

/** From the frame's middle. */
function placeIn(
  element: HTMLElement,
  { clientX, clientY }: { readonly clientX: number; readonly clientY: number },
): Point {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
}

const PANS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: PAN_STEP, y: 0 },
  ArrowRight: { x: -PAN_STEP, y: 0 },
  ArrowUp: { x: 0, y: PAN_STEP },
  ArrowDown: { x: 0, y: -PAN_STEP },
};

/** What a key makes of the zoom; undefined for one that isn't for it. */
function zoomByKey(zoom: Zoom, key: string, frame: Size): Zoom | undefined {
  if (key === "+" || key === "=") return zoomBy(zoom, ZOOM_STEP, frame);
  if (key === "-") return zoomBy(zoom, 1 / ZOOM_STEP, frame);
  if (key === "0") return WHOLE;
  const pan = zoom.scale > 1 ? PANS[key] : undefined;
  return pan === undefined ? undefined : panBy(zoom, pan, frame);
}

/**
 * An image that is enlarged by wheel, two fingers, double click, buttons and keys, and moved by dragging and arrow keys.
 * While all of it is seen, arrow keys aren't its own.
 */
export function ZoomFrame({ label, children }: ZoomFrameProps) {
  const { preview: texts } = useTexts();
  const [zoom, setZoom] = useState(WHOLE);
  const frame = useRef<HTMLDivElement>(null);
  const pointers = useRef(new Map<number, Point>());

  // React listens to wheels passively: the page would scroll beside.
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const factor = Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400));
      setZoom((now) => zoomBy(now, factor, sizeOf(element), placeIn(element, event)));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  const step = (factor: number) => {
    const element = frame.current;
    if (element !== null) setZoom((now) => zoomBy(now, factor, sizeOf(element)));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = zoomByKey(zoom, event.key, sizeOf(event.currentTarget));
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setZoom(next);
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const before = pointers.current.get(event.pointerId);
    if (before === undefined) return;
    const element = event.currentTarget;
    const place = placeIn(element, event);
    const [other] = [...pointers.current].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    pointers.current.set(event.pointerId, place);
    const [pan, factor] =
      other === undefined
        ? [minus(place, before), 1]
        : [{ x: 0, y: 0 }, spread(place, other) / spread(before, other)];
    setZoom((now) => zoomBy(panBy(now, pan, sizeOf(element)), factor, sizeOf(element), other ?? place));
  };
  const forget = (event: PointerEvent) => pointers.current.delete(event.pointerId);

  return (
    <div className="cw-zoom">
      <div
        ref={frame}
        className="cw-zoom-frame"
        role="group"
        aria-label={label}
        tabIndex={0}
        data-enlarged={zoom.scale > 1 || undefined}
        onKeyDown={onKeyDown}
        onDoubleClick={(event) => {
          const element = event.currentTarget;
          const place = placeIn(element, event);
          setZoom((now) => (now.scale > 1 ? WHOLE : zoomBy(now, ZOOM_STEP ** 2, sizeOf(element), place)));
        }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          pointers.current.set(event.pointerId, placeIn(event.currentTarget, event));
        }}
        onPointerMove={onPointerMove}
        onPointerUp={forget}
        onPointerCancel={forget}
      >
        <div
          className="cw-zoomed"
          style={{ transform: `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})` }}
        >
          {children}
        </div>
      </div>
      <div className="cw-zoom-buttons">
        <IconButton
          icon="minus"
          label={texts.zoomOut}
          disabled={zoom.scale === 1}
          onClick={() => step(1 / ZOOM_STEP)}
        />
        <button
          type="button"
          className="cw-zoom-percent"
          title={texts.zoomReset}
          onClick={() => setZoom(WHOLE)}
        >
          {texts.zoomed(Math.round(zoom.scale * 100))}
          <span className="cw-hidden">{texts.zoomReset}</span>
        </button>
        <IconButton icon="plus" label={texts.zoomIn} onClick={() => step(ZOOM_STEP)} />
      </div>
    </div>
  );
}

function minus(one: Point, other: Point): Point {
  return { x: one.x - other.x, y: one.y - other.y };
}

function spread(one: Point, other: Point): number {
  return Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
}
