import type { Problem } from "#contract/errors.ts";
import type { FileRefusal } from "#contract/file-checks.ts";
import type { FileClass } from "#contract/file-types.ts";
import { type Outcomes, outcomesIn } from "../uploader/summary.ts";
import { createFormat, roundTimeLeft } from "./format.ts";
import type { DuplicateWords, TotalsWords, UploaderTexts } from "./uploader-texts.ts";

const format = createFormat("de-DE", ["Byte", "KB", "MB", "GB", "TB"]);

const filesOf = (count: number) => `${format.number(count)} ${count === 1 ? "Datei" : "Dateien"}`;
const uploadsOf = (count: number) => `${format.number(count)} ${count === 1 ? "Upload" : "Uploads"}`;

function timeLeft(seconds: number): string {
  const left = roundTimeLeft(seconds);
  switch (left.kind) {
    case "moments":
      return "noch wenige Sekunden";
    case "seconds":
      return `noch ${left.seconds}\u00a0s`;
    case "minutes":
      return `noch ${left.minutes}\u00a0min`;
    case "hours":
      return `noch ${left.hours}\u00a0h ${left.minutes}\u00a0min`;
  }
}

function portion(bytes: number, totalBytes: number): string {
  const [part, total] = [format.bytes(bytes), format.bytes(totalBytes)];
  if (bytes === 0) return `0 von ${total}`;
  const [value = "", unit] = part.split("\u00a0");
  return total.endsWith(`\u00a0${unit}`) ? `${value} von ${total}` : `${part} von ${total}`;
}

function retrying(problem: Problem | undefined, seconds: number): string {
  const when = seconds > 0 ? `neuer Versuch in ${seconds}\u00a0s` : "neuer Versuch läuft";
  if (problem === undefined) return `Verbindung verloren, ${when}`;
  return problem.status === 429 || problem.status >= 500
    ? `Der Server ist ausgelastet, ${when}`
    : `Unterbrochen, ${when}`;
}

/** By code; the server's own sentences are English. */
const REFUSED: Readonly<Record<string, string>> = {
  QUOTA_EXCEEDED: "Es ist kein Platz mehr dafür.",
  FILE_TOO_LARGE: "Sie ist zu groß.",
  FILE_TYPE_REFUSED: "Dateien dieser Art werden nicht angenommen.",
  FILE_TYPE_MISMATCH: "Ihr Inhalt ist nicht das, was ihr Name sagt.",
  FILE_NAME_INVALID: "Ihr Name ist nicht möglich.",
  CONTENT_ENCRYPTED: "Sie ist mit einem Kennwort geschützt.",
  PERMISSION_REQUIRED: "Dazu fehlt die Berechtigung.",
};

function refused({ code, detail, title }: Problem): string {
  return `Nicht angenommen: ${REFUSED[code] ?? detail ?? title}`;
}

function failed({ code, status, title }: Problem, hasSent: boolean): string {
  if (code === "FILE_UNREADABLE")
    return "Angehalten: Die Datei wurde geändert oder verschoben. Bitte entfernen und neu hinzufügen.";
  if (status === 404 || status === 410)
    return "Angehalten: Was gesendet war, ist verfallen. Bitte neu beginnen.";
  if (status === 401)
    return "Angehalten: Die Anmeldung gilt nicht oder ist abgelaufen. Es ist nichts verloren.";
  const kept = hasSent ? " Was gesendet war, bleibt erhalten." : "";
  return `Angehalten: ${REFUSED[code] ?? `${title}.`}${kept}`;
}

function endingOf(filename: string): string {
  const dot = filename.lastIndexOf(".");
  return dot < 0 ? "" : filename.slice(dot);
}

function rule({ rule: name, limitBytes }: FileRefusal, filename: string): string {
  const ending = endingOf(filename);
  switch (name) {
    case "extension-blocked":
      return `Dateien mit der Endung „${ending}“ werden nicht angenommen.`;
    case "extension-mismatch":
      return `Die Endung „${ending}“ passt nicht zur Art der Datei.`;
    case "type-not-allowed":
      return "Dateien dieser Art werden nicht angenommen.";
    case "type-unknown":
      return ending === ""
        ? "Der Name hat keine Endung, und die Art der Datei ist unbekannt."
        : `Die Endung „${ending}“ gehört zu keiner Art, die angenommen wird.`;
    case "size":
      return `Sie ist zu groß: Dateien dieser Art dürfen höchstens ${format.bytes(limitBytes ?? 0)} haben.`;
  }
}

function limits(maxBytes: Readonly<Record<FileClass, number>>): string {
  const kinds = [
    `Dokumente bis ${format.bytes(maxBytes.document)}`,
    `Bilder bis ${format.bytes(maxBytes.image)}`,
    `Videos bis ${format.bytes(maxBytes.video)}`,
    `Ton bis ${format.bytes(maxBytes.audio)}`,
  ];
  return `${kinds.join(", ")}. Jede Datei wird auf Viren geprüft.`;
}

function totals({ done, files, sentBytes, totalBytes, bytesPerSecond, secondsLeft }: TotalsWords): string {
  const speed = bytesPerSecond === undefined ? [] : [`${format.bytes(bytesPerSecond)}/s`];
  const left = secondsLeft === undefined ? [] : [timeLeft(secondsLeft)];
  const count = `${format.number(done)} von ${filesOf(files)} hochgeladen`;
  return [count, portion(sentBytes, totalBytes), ...speed, ...left].join(" · ");
}

const OUTCOMES: Readonly<Record<keyof Outcomes, string>> = {
  ready: "bereit",
  checking: "in Prüfung",
  unknown: "hochgeladen",
  blocked: "gesperrt",
  refused: "nicht angenommen",
  elsewhere: "in einem anderen Tab",
  cancelled: "abgebrochen",
  deleted: "gelöscht",
};

function outcome(outcomes: Outcomes): string {
  const parts = outcomesIn(outcomes);
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return `${filesOf(outcomes[only])} ${OUTCOMES[only]}`;
  return parts.map((each) => `${format.number(outcomes[each])} ${OUTCOMES[each]}`).join(" · ");
}

function duplicateOf({ filename, attachedTo, uploadedBy, uploadedAt }: DuplicateWords): string {
  const attached = attachedTo === undefined ? "" : `, angehängt an ${attachedTo}`;
  const day = format.day(uploadedAt, Date.now());
  return `Schon vorhanden: ${filename}${attached}, hochgeladen von ${uploadedBy} am ${day}`;
}

export const uploaderDe: UploaderTexts = {
  title: "Dateien hochladen",
  dropHere: "Dateien oder Ordner hier ablegen",
  dropFilesHere: "Dateien hier ablegen",
  dropFileHere: "Eine Datei hier ablegen",
  dropAnywhere: "Irgendwo ablegen, um die Dateien hinzuzufügen",
  chooseFiles: "Dateien auswählen",
  chooseFile: "Datei auswählen",
  chooseFolder: "Ordner auswählen",
  limits,
  adding: (count) => `Dateien werden hinzugefügt: bisher ${format.number(count)}`,
  list: "Uploads",

  waiting: "Wartet, bis sie an der Reihe ist",
  preparing: "Wird vorbereitet",
  duplicate: "Schon vorhanden. Trotzdem hochladen?",
  duplicateOf,
  uploadAnyway: "Trotzdem hochladen",
  skipDuplicate: "Nicht hochladen",
  showDuplicate: "Ansehen",
  duplicatesTitle: (count) => `${filesOf(count)} sind schon vorhanden`,
  skipDuplicates: (count) => `${format.number(count)} auslassen, die schon vorhanden sind`,
  uploadAllAnyway: "Alle trotzdem hochladen",
  uploading: (seconds) =>
    seconds === undefined ? "Wird hochgeladen" : `Wird hochgeladen, ${timeLeft(seconds)}`,
  finishing: "Wird hochgeladen, gleich fertig",
  comparing: "Was angekommen ist, wird verglichen",
  paused: "Angehalten",
  offline: "Wartet auf die Verbindung",
  elsewhere: "Läuft in einem anderen Tab weiter",
  retrying,
  refused,
  failed,
  cancelled: "Abgebrochen",
  deleted: "Gelöscht",
  checking: "Wird auf Viren geprüft",
  checkingStill:
    "Wird noch auf Viren geprüft. Bei großen Dateien, oder wenn viele davor sind, dauert das Minuten.",
  ready: "Bereit",
  infected: (name) => `Gesperrt: enthält ${name ?? "Schadsoftware"}`,
  unscannable: () => "Gesperrt: konnte nicht geprüft werden",
  blockedHint: "Niemand kann sie öffnen. Sollte sie harmlos sein, kann ein Admin sie prüfen.",
  unknown: "Hochgeladen. Ob sie die Prüfung bestanden hat, ist gerade nicht bekannt.",

  portion,
  speed: (bytesPerSecond) => `${format.bytes(bytesPerSecond)}/s`,
  progressOf: (filename) => `Upload von ${filename}`,
  pause: "Anhalten",
  resume: "Fortsetzen",
  goOn: "Weitermachen",
  cancel: "Abbrechen",
  remove: "Aus der Liste entfernen",
  actionOn: (action, filename) => `${action}: ${filename}`,

  totals,
  outcome,
  filed: (count) => `${filesOf(count)} abgelegt`,
  progressOfAll: "Upload aller Dateien",
  pauseAll: "Alle anhalten",
  resumeAll: "Alle fortsetzen",
  cancelAll: "Alle abbrechen",
  clearFinished: "Fertige ausblenden",

  refusalsTitle: (count) => `${filesOf(count)} nicht hinzugefügt`,
  rule,
  noRoom: (count, neededBytes, availableBytes) =>
    `Dafür ist kein Platz: Nötig ${count === 1 ? "ist" : "sind"} ${format.bytes(neededBytes)}, ` +
    `noch frei ${format.bytes(availableBytes)}.`,
  noRoomTitle: (count, of) =>
    `Kein Platz für ${of === count ? filesOf(count) : `${format.number(count)} von ${filesOf(of)}`}`,
  noRoomHint: "Schaffen Sie Platz, und versuchen Sie es dann noch einmal.",
  andMore: (count) => `und ${format.number(count)} weitere`,

  tryAgain: "Erneut versuchen",
  tooManyTitle: "Nichts hinzugefügt",
  tooMany: "Hier ist nur eine Datei möglich. Bitte die gemeinte auswählen.",
  incompleteTitle: "Nicht alles war lesbar",
  incomplete: "Ein Ordner oder eine Datei ist nicht lesbar. Was davor gelesen wurde, ist hinzugefügt.",

  previousTitle: (count) => `${uploadsOf(count)} von einem früheren Besuch`,
  previousHint: "Dieselben Dateien noch einmal auswählen: Es geht dort weiter, wo es aufgehört hat.",
  previousReady: "Es geht dort weiter, wo es aufgehört hat.",
  continuePrevious: (count) => `${uploadsOf(count)} fortsetzen`,
  portionArrived: (arrivedBytes, totalBytes) => `${portion(arrivedBytes, totalBytes)} hochgeladen`,
  discard: "Verwerfen",

  notContinued([name = "", ...more], [expected = "", ...others]) {
    const isOne = more.length === 0;
    const title =
      others.length === 0 && expected !== "" && isOne
        ? `Das ist nicht ${expected}`
        : `${filesOf(more.length + 1)} nicht unter den unfertigen`;
    const body = isOne
      ? `${name} setzt keinen unfertigen Upload fort. Sie käme als neue Datei hinzu.`
      : `${name} und ${format.number(more.length)} weitere setzen keinen unfertigen Upload fort. Sie kämen als neue Dateien hinzu.`;
    return { title, body, keep: "Nicht hinzufügen", confirm: "Trotzdem hinzufügen" };
  },
  otherEnding: ([name = ""], [expected = ""]) => ({
    title: "Eine andere Art von Datei",
    body: `${name} würde zur neuen Version von ${expected}, obwohl es eine andere Art von Datei ist.`,
    keep: "Nicht hochladen",
    confirm: "Trotzdem hochladen",
  }),
  confirmTitle: (count) => (count === 1 ? "Diesen Upload abbrechen?" : `${uploadsOf(count)} abbrechen?`),
  confirmBody: (bytes) => `${format.bytes(bytes)} sind gesendet und würden gelöscht.`,
  arrived: (count) =>
    count === 1
      ? "1 Datei ist angekommen und bleibt."
      : `${format.number(count)} Dateien sind angekommen und bleiben.`,
  goesOnElsewhere: (filename) => `${filename} wird in einem anderen Tab gesendet und geht dort weiter.`,
  discardTitle: "Diesen Upload verwerfen?",
  discardBody: "Was davon gesendet ist, wird gelöscht.",
  keepPrevious: "Behalten",
  keep: "Weiter hochladen",
  confirmCancel: (count) => (count === 1 ? "Upload abbrechen" : "Uploads abbrechen"),

  announce: (filename, sentence) => `${filename}: ${sentence}`,
  announceMany: (count, sentence) => `${filesOf(count)}: ${sentence}`,
};
