import type { BlockedVersion } from "#contract/quarantine.ts";
import type { Rescan } from "#contract/rescans.ts";
import { createFormat } from "../../react/texts/format.ts";
import type { AdminTexts, Signatures } from "./admin-texts.ts";

const format = createFormat("de-DE");

function files(count: number): string {
  return count === 1 ? "1 Datei" : `${format.number(count)} Dateien`;
}

function signaturesOf({ name, date }: Signatures): string {
  return date === undefined ? name : `${name} vom ${format.day(date, Date.now())}`;
}

const TOO_MUCH = "Die Datei ist größer, oder entpackt größer, als geprüft werden kann.";
const DAMAGED = "Das Archiv ist beschädigt oder so gepackt, dass es nicht geprüft werden kann.";
const PASSWORD = "Die Datei ist mit einem Kennwort geschützt und kann deshalb nicht geprüft werden.";

/** By what the name of the finding begins with, as worker/contract/block-reasons.ts has it in English. */
const REASONS: readonly (readonly [string, string])[] = [
  ["Encrypted.", PASSWORD],
  ["Heuristics.Encrypted.", PASSWORD],
  ["Heuristics.Limits.", TOO_MUCH],
  ["Limits.", TOO_MUCH],
  ["Zip.Limits.", TOO_MUCH],
  ["Gzip.Limits.", TOO_MUCH],
  ["Type.", "Die Datei ist nicht, was ihr Name sagt."],
  ["Digest.", "Die Datei ist nicht die, die angekündigt war."],
  ["VirusTotal.Suspicious", "VirusTotal hält die Datei für verdächtig."],
  ["ActiveContent.", "Die Datei enthält Makros, Skripte oder Ähnliches, was hier nicht angenommen wird."],
  ["SevenZip.", DAMAGED],
  ["Zip.", DAMAGED],
  ["Tar.", DAMAGED],
  ["Gzip.", DAMAGED],
  ["Mail.", "Die E-Mail ist so geschrieben, dass sie nicht geprüft werden kann."],
];

function reasonOf({ state, signatureName }: BlockedVersion): string {
  const name = signatureName ?? "";
  if (state === "infected") return `Die Datei enthält Schadsoftware${name === "" ? "" : `: ${name}`}.`;
  const known = REASONS.find(([start]) => name.startsWith(start));
  return known?.[1] ?? "Die Datei konnte nicht auf Viren geprüft werden.";
}

/** By code; the server's own sentences are English. */
const FAILURES: Readonly<Record<string, string>> = {
  SCANNER_UNAVAILABLE: "Der Virenscanner hat keine vollständige Antwort gegeben.",
  CHOSEN_SCANNER_UNAVAILABLE: "Der gewählte Virenscanner antwortet nicht.",
  SCANNER_NOT_CONFIGURED: "Der gewählte Virenscanner ist hier nicht eingerichtet.",
  STORE_UNAVAILABLE: "Der Speicher hat nicht geantwortet, wie er sollte.",
  WORKER_UNAVAILABLE: "Das Ergebnis wurde nicht angenommen.",
  OBJECT_LOST: "Die Datei fehlt im Speicher und wird aus einer Kopie wiederhergestellt.",
  TOOL_BROKEN_OFF: "Ein Programm, das Dateien liest, wurde abgebrochen oder brauchte zu lange.",
  UNFINISHED: "Es wurde oft begonnen und kam nie zum Ende.",
};

const NOTHING_FOUND: Readonly<Record<Rescan["state"], string>> = {
  running: "Bisher nichts gefunden",
  paused: "Bisher nichts gefunden",
  done: "Nichts gefunden",
  cancelled: "Bis dahin nichts gefunden",
};

export const adminDe: AdminTexts = {
  membersOnly: "Diese Seite ist für Administratoren.",
  membersHint: "Fragen Sie dort nach, wenn eine Ihrer Dateien gesperrt ist oder nicht bereit wird.",
  moment: (date, nowMs) => `${format.day(date, nowMs)}, ${format.time(date)}`,
  loading: "Wird geladen",
  failed: (why) => `Die Liste konnte nicht geladen werden. ${why}`,
  more: "Mehr anzeigen",
  retry: "Noch einmal versuchen",
  quarantine: {
    hint: "Dateien, die ihre Prüfung nicht bestanden haben. Niemand kann sie öffnen oder herunterladen.",
    list: "Gesperrte Dateien",
    filter: "Anzeigen",
    filters: { all: "Alle", infected: "Mit Schadsoftware", unscannable: "Nicht prüfbar" },
    empty: "Nichts ist gesperrt.",
    emptyHint: "Eine Datei, die ihre Prüfung nicht besteht, erscheint hier und wartet auf Sie.",
    noMatch: "Nichts dieser Art ist gesperrt.",
    reason: reasonOf,
    foundLater: "Später gefunden: Eine frühere Prüfung hatte sie bestanden.",
    notCurrent: (version) => `Version ${version}, nicht die aktuelle`,
    uploadedBy: (name) => `Hochgeladen von ${name}`,
    attachedTo: "Angehängt an",
    notAttached: "Nirgends angehängt",
    found: (when) => `Gesperrt am ${when}`,
    checkedBy: (engine, signatures) =>
      signatures === undefined ? engine : `${engine}, Signaturen ${signaturesOf(signatures)}`,
    purges: (when) => `Wird am ${when} endgültig gelöscht`,
    release: "Freigeben",
    delete: "Löschen",
    actionOn: (action, filename) => `${filename}: ${action}`,
    releaseTitle: (filename) => `${filename} freigeben?`,
    releaseMeaning:
      "Alle, die diese Datei sehen dürfen, können sie danach öffnen, herunterladen und teilen. Sie erklären sie für harmlos, gegen den Virenscanner. Ihr Name und Ihre Begründung werden festgehalten.",
    reasonLabel: "Warum sie harmlos ist",
    reasonHint: "Zum Beispiel: Der Absender hat sie bestätigt, und ein anderer Scanner findet nichts.",
    reasonMissing: (characters) => `Sagen Sie, warum sie harmlos ist, mit mindestens ${characters} Zeichen.`,
    cancel: "Abbrechen",
    released: (filename) => `${filename} ist freigegeben und lässt sich jetzt öffnen.`,
    deleteTitle: (filename) => `${filename} endgültig löschen?`,
    deleteWarning: "Sie kommt nicht in den Papierkorb. Niemand kann sie zurückholen.",
    deleted: (filename) => `${filename} ist endgültig gelöscht.`,
    notDone: (filename, why) => `Mit ${filename} ist nichts geschehen. ${why}`,
    waiting: (count) => `${count} gesperrt`,
    select: (filename) => `${filename} auswählen`,
    selectAll: (count) => `Alle ${format.number(count)} angezeigten auswählen`,
    deleteMany: (count) => `${format.number(count)} endgültig löschen`,
    deleteManyTitle: (count) => `${files(count)} endgültig löschen?`,
    deleteManyWarning: "Sie kommen nicht in den Papierkorb. Niemand kann sie zurückholen.",
    deletedMany: (count) => `${files(count)} ${count === 1 ? "ist" : "sind"} endgültig gelöscht.`,
    notAllDeleted: (deleted, of, why) =>
      `${format.number(deleted)} von ${files(of)} gelöscht; die übrigen sind noch hier. ${why}`,
    testSignatures:
      "Der Virenscanner kennt nur die EICAR-Testdatei: Echte Schadsoftware gilt als sauber. Installieren Sie die Signaturen von ClamAV (freshclam), bevor Dateien von Menschen kommen.",
    releasedTitle: "Freigegeben",
    releasedHint:
      "Was Administratoren gegen den Virenscanner für harmlos erklärt haben, die letzten zehn. Von Hand lässt sich nichts davon wieder sperren: Was nicht harmlos ist, löschen Sie auf seiner Seite, und endgültig im Papierkorb.",
    releasedGone: "Eine endgültig gelöschte Datei",
    foundBefore: (name, isInfected) =>
      name === undefined
        ? `Der Scanner hatte ${isInfected ? "Schadsoftware gefunden" : "sie nicht prüfen können"}.`
        : `Der Scanner hatte gefunden: ${name}.`,
    releasedBy: (name, when) => `Freigegeben von ${name}, ${when}:`,
    ofVersion: (version) => `Version ${version}`,
  },
  rescans: {
    title: "Alles noch einmal prüfen",
    hint: "Neue Signaturen finden, was ältere nicht kannten. Die Dateien bleiben währenddessen verfügbar.",
    start: "Alles noch einmal prüfen",
    started: "Alle Dateien werden noch einmal geprüft.",
    about: ({ fileId }) => (fileId === null ? "Alle Dateien" : "Eine Datei"),
    progress: ({ state, files: { seen, total } }) =>
      `${state === "paused" ? "Angehalten: " : ""}${format.number(seen)} von etwa ${files(total)}`,
    progressLabel: "Noch einmal geprüfte Dateien",
    findings: ({ state, versions: { found, failed } }) =>
      [
        found === 0 ? NOTHING_FOUND[state] : `${files(found)} gesperrt`,
        ...(failed === 0 ? [] : [`${files(failed)} nicht noch einmal prüfbar`]),
      ].join(", "),
    ended: ({ state }, when) =>
      state === "cancelled"
        ? `Die letzte Prüfung wurde am ${when} abgebrochen.`
        : `Die letzte Prüfung war am ${when} fertig.`,
    pause: "Anhalten",
    resume: "Fortsetzen",
    cancel: "Abbrechen",
    never: "Bisher wurde nichts noch einmal geprüft.",
    failed: (why) => `Das hat nicht geklappt. ${why}`,
  },
  failedJobs: {
    hint: "Was so oft versucht wurde, wie von selbst versucht wird. Es wartet, bis jemand es noch einmal versuchen lässt.",
    list: "Fehlgeschlagene Aufträge",
    empty: "Nichts ist fehlgeschlagen.",
    emptyHint: "Jede Datei, die angekommen ist, wurde geprüft oder wird gerade geprüft.",
    what: ({ state }) =>
      state === "quarantined"
        ? "Noch nicht geprüft: Bis dahin kann niemand sie öffnen."
        : "Geprüft und verfügbar, aber ihre Vorschauen wurden nicht erstellt.",
    why: ({ code }) => FAILURES[code] ?? "Es ist etwas geschehen, was die Verarbeitung nicht kennt.",
    attempts: (count) => (count === 1 ? "Einmal versucht" : `${format.number(count)}-mal versucht`),
    failedAt: (when) => `Zuletzt am ${when}`,
    retry: "Noch einmal versuchen",
    retryAll: "Alle noch einmal versuchen",
    retryOf: (filename) => `Noch einmal versuchen: ${filename}`,
    retried: (filename) => `${filename} wird noch einmal versucht.`,
    retriedAll: (retried, left) => {
      const begun = `${files(retried)} ${retried === 1 ? "wird" : "werden"} noch einmal versucht.`;
      return left === 0 ? begun : `${begun} Übrig: ${files(left)}. Bitte gleich noch einmal.`;
    },
    notDone: (why) => `Nichts wird noch einmal versucht. ${why}`,
  },
};
