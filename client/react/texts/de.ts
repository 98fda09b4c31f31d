import type { Problem } from "#contract/errors.ts";
import { createFormat } from "./format.ts";
import type { Texts } from "./texts.ts";
import { uploaderDe } from "./uploader-de.ts";

const format = createFormat("de-DE", ["Byte", "KB", "MB", "GB", "TB"]);

/** By code; the server's own sentences are English. */
const PROBLEMS: Readonly<Record<string, string>> = {
  CONNECTION_LOST: "Es kam keine Antwort. Besteht eine Verbindung?",
  FILE_UNREADABLE: "Die Datei ist nicht mehr lesbar.",
  QUOTA_EXCEEDED: "Der Speicher ist voll.",
  PERMISSION_REQUIRED: "Dazu fehlt die Berechtigung.",
  ROLE_REQUIRED: "Dazu fehlt die Berechtigung.",
  FILE_NOT_FOUND: "Die Datei gibt es nicht mehr.",
  FILE_BLOCKED: "Die Datei hat die Virenprüfung nicht bestanden.",
  FILE_NOT_READY: "Die Datei ist noch nicht bereit.",
  FILE_IN_TRASH: "Die Datei liegt im Papierkorb.",
  FILE_NAME_INVALID: "Dieser Name ist nicht möglich.",
  FILE_TOO_LARGE: "Die Datei ist zu groß.",
  FILE_TYPE_REFUSED: "Dateien dieser Art werden nicht angenommen.",
  FILE_TYPE_MISMATCH: "Der Inhalt ist nicht das, was der Name sagt.",
  CONTENT_ENCRYPTED: "Die Datei ist mit einem Kennwort geschützt.",
  RATE_LIMITED: "Das waren zu viele Anfragen. Bitte gleich noch einmal versuchen.",
  SERVICE_UNAVAILABLE: "Der Dienst ist gerade nicht erreichbar.",
  STORE_UNAVAILABLE: "Der Dienst ist gerade nicht erreichbar.",
  INTERNAL: "Auf dem Server ist etwas schiefgegangen.",
};

function problem({ code, status, detail, title }: Problem): string {
  // Which of its checks a token failed is for developers.
  if (status === 401 || code === "TOKEN_UNAVAILABLE") return "Die Anmeldung gilt nicht oder ist abgelaufen.";
  return PROBLEMS[code] ?? detail ?? `${title}.`;
}

export const de: Texts = {
  common: {
    bytes: format.bytes,
    percent: format.percent,
    moment: (date, nowMs) =>
      date.toDateString() === new Date(nowMs).toDateString()
        ? `heute, ${format.time(date)}`
        : format.day(date, nowMs),
    problem,
    tryAgain: "Noch einmal versuchen",
    dismiss: "Ausblenden",
    close: "Schließen",
  },
  uploader: uploaderDe,
  quota: {
    title: "Speicher",
    used: (used, quota) => `${format.bytes(used)} von ${format.bytes(quota)} belegt`,
    left: (bytes) => `${format.bytes(bytes)} frei`,
    files: "Dateien",
    versions: "Frühere Versionen",
    trash: "Papierkorb",
    uploads: "Unfertige Uploads aller",
    nearlyFull: "Der Speicher ist fast voll.",
    full: "Der Speicher ist voll: Neue Dateien werden nicht angenommen.",
    cleanUp: "Platz schaffen",
    emptyTrash: (bytes) => `Papierkorb leeren (${format.bytes(bytes)})`,
    loading: "Die Belegung wird ermittelt",
    unknown: "Wie viel belegt ist, ist gerade nicht bekannt.",
  },
  boundary: {
    title: "Dieser Teil der Seite funktioniert nicht mehr",
    safe: (running) =>
      running === 0
        ? "Nichts, was hochgeladen wurde, ist verloren."
        : `${running === 1 ? "1 Upload läuft" : `${format.number(running)} Uploads laufen`} weiter. Nichts ist verloren.`,
    reload: "Wieder anzeigen",
  },
};
