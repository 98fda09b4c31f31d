import type { TimelineTexts } from "./files-texts.ts";
import { createFormat } from "./format.ts";

const format = createFormat("de-DE");

export const timelineDe: TimelineTexts = {
  label: "Was mit der Datei geschah",
  at: (date, nowMs) => `${format.day(date, nowMs)}, ${format.time(date)}`,
  uploading: "Wird hochgeladen",
  uploaded: (by) => `Hochgeladen von ${by}`,
  waitingForUpload: "Wird danach auf Viren geprüft",
  checking: "Wird auf Viren geprüft",
  checked: "Geprüft: kein Virus gefunden",
  blocked: "Von der Prüfung gesperrt",
  released: "Von einem Administrator freigegeben, gegen die Prüfung",
  foundLater: (signature) => `Bei einer späteren Prüfung gesperrt: enthält ${signature}`,
  infected: (signature) => `Gesperrt: enthält ${signature}`,
  unscannable: (reason) => `Gesperrt: ${reason}`,
  scannedBy: (engine, signatureVersion) => `${engine}, Signaturen ${signatureVersion}`,
  checkStuck: "Die Prüfung kommt nicht voran",
  optimising: "Vorschauen werden erstellt",
  optimised: "Vorschauen erstellt",
  notOptimised: "Einige Vorschauen konnten nicht erstellt werden",
  derivatives: {
    thumbnail: "Miniatur",
    optimized: "kleineres Bild",
    "optimized-avif": "kleineres Bild (AVIF)",
    preview: "Vorschau",
    poster: "Standbild",
    text: "Text",
    waveform: "Wellenform",
    reduced: "kleineres PDF",
  },
  copying: (target) => `Wird nach ${target} kopiert`,
  copied: (target) => `Nach ${target} kopiert`,
  notCopied: (target) => `Nicht nach ${target} kopiert`,
  nextTry: (when) => `Nächster Versuch ${when}`,
};
