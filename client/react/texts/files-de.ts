import type { FileChange, FilesTexts } from "./files-texts.ts";
import { createFormat } from "./format.ts";
import { shareDe } from "./share-de.ts";
import { timelineDe } from "./timeline-de.ts";

const format = createFormat("de-DE");

function files(count: number): string {
  return count === 1 ? "1 Datei" : `${format.number(count)} Dateien`;
}

/** A name where there is one, else how many there are. */
function named(filenames: readonly string[]): string {
  const [only] = filenames;
  return filenames.length === 1 && only !== undefined ? `„${only}“` : files(filenames.length);
}

function is(filenames: readonly string[]): string {
  return filenames.length === 1 ? "ist" : "sind";
}

function was(filenames: readonly string[]): string {
  return filenames.length === 1 ? "wurde" : "wurden";
}

const DONE: Readonly<Record<FileChange, string>> = {
  download: "heruntergeladen",
  tags: "verschlagwortet",
  attach: "zugeordnet",
  delete: "gelöscht",
  restore: "wiederhergestellt",
  purge: "endgültig gelöscht",
};

export const filesDe: FilesTexts = {
  fileList: {
    label: "Dateien",
    search: "Nach Namen suchen",
    clearSearch: "Suche leeren",
    columns: {
      name: "Name",
      size: "Größe",
      state: "Zustand",
      uploaded: "Hochgeladen",
      deleted: "Gelöscht",
      by: "Von",
      actions: "Aktionen",
    },
    sortBy: "Sortieren nach",
    sorts: { name: "Name", size: "Größe", date: "Datum" },
    ascending: "aufsteigend",
    descending: "absteigend",
    view: "Ansicht",
    asList: "Liste",
    asGrid: "Kacheln",
    filter: "Filter",
    kind: "Art",
    kinds: { document: "Dokumente", image: "Bilder", video: "Videos", audio: "Ton", other: "Andere" },
    anyKind: "Alle Arten",
    state: "Zustand",
    states: {
      uploading: "Noch nicht ganz hochgeladen",
      quarantined: "In Prüfung",
      clean: "Bereit",
      infected: "Gesperrt",
      unscannable: "Nicht prüfbar",
    },
    anyState: "Alle Zustände",
    tag: "Schlagwort",
    attachedTo: "Gehört zu",
    anywhere: "Allem",
    clearFilters: "Filter löschen",
    removeFilter: (name) => `Filter ${name} entfernen`,
    select: (filename) => `${filename} auswählen`,
    selectAll: "Alle auswählen",
    selected: (count) => `${format.number(count)} ausgewählt`,
    clearSelection: "Auswahl aufheben",
    bulk: "Aktionen für die ausgewählten Dateien",
    actionsOf: (filename) => `Aktionen für ${filename}`,
    open: "Öffnen",
    download: "Herunterladen",
    rename: "Umbenennen",
    share: "Teilen",
    tags: "Schlagwörter",
    delete: "Löschen",
    restore: "Wiederherstellen",
    purge: "Endgültig löschen",
    newName: (filename) => `Neuer Name von ${filename}`,
    renamed: (before, filename) => `${before} heißt jetzt ${filename}`,
    notRenamed: (filename, why) => `${filename} behält den Namen. ${why}`,
    inTrash: (filenames) => `${named(filenames)} ${is(filenames)} im Papierkorb`,
    restored: (filenames) => `${named(filenames)} ${was(filenames)} wiederhergestellt`,
    purged: (filenames) => `${named(filenames)} ${was(filenames)} endgültig gelöscht`,
    notDone: (change, filenames, why) =>
      `${named(filenames)} ${filenames.length === 1 ? "konnte" : "konnten"} nicht ${DONE[change]} werden. ${why}`.trimEnd(),
    attach: "Zuordnen …",
    attachQuestion: (filenames) => `${named(filenames)} zuordnen`,
    attached: (filenames, to) =>
      `${named(filenames)} ${filenames.length === 1 ? "gehört" : "gehören"} jetzt zu ${to}`,
    detached: (filenames) =>
      `${named(filenames)} ${filenames.length === 1 ? "gehört" : "gehören"} jetzt zu nichts mehr`,
    nowhere: "Nichts",
    undo: "Rückgängig",
    purgeQuestion: (filenames) => `${named(filenames)} endgültig löschen?`,
    purgeWarning:
      "Das kann niemand rückgängig machen. Links darauf gelten nach spätestens 30 Sekunden nicht mehr.",
    emptyNow: "Papierkorb leeren",
    emptyQuestion: (count, hasMore) =>
      `${hasMore ? `Mehr als ${files(count)}` : files(count)} im Papierkorb endgültig löschen?`,
    emptied: (count) => `${files(count)} endgültig gelöscht`,
    cancel: "Abbrechen",
    tagsOf: (filenames) => `Schlagwörter: ${named(filenames)}`,
    addTag: "Neues Schlagwort",
    add: "Hinzufügen",
    removeTag: (tag) => `Schlagwort ${tag} entfernen`,
    noTags: "Noch keine Schlagwörter.",
    loading: "Dateien werden geladen",
    loadingMore: "Weitere Dateien werden geladen",
    empty: "Noch keine Dateien.",
    keptUntil: (date, nowMs) => `Bis ${format.day(date, nowMs)} aufgehoben`,
    emptyTrash: "Der Papierkorb ist leer.",
    noMatch: "Keine Datei passt dazu.",
    noMatchHint: "Versuchen Sie weniger Wörter oder Filter.",
    failed: (why) => `Die Liste konnte nicht geladen werden. ${why}`,
    safe: "Ihre Dateien sind sicher.",
    count: (count, hasMore) => (hasMore ? `Mehr als ${files(count)}` : files(count)),
    more: (count) => `und ${count} weitere`,
  },
  preview: {
    viewer: (filename) => `Vorschau: ${filename}`,
    close: "Vorschau schließen",
    next: "Nächste Datei",
    previous: "Vorherige Datei",
    place: (index, count) => `${index} von ${format.number(count)}`,
    download: "Herunterladen",
    share: "Teilen",
    openPage: "Eigene Seite öffnen",
    details: "Einzelheiten",
    loading: "Vorschau wird geladen",
    checking: "Wird auf Viren geprüft",
    checkingHint:
      "Sobald die Prüfung bestanden ist, lässt sie sich öffnen. Das dauert Sekunden, bei großen Dateien eine Minute.",
    uploading: "Die Datei ist noch nicht ganz hochgeladen.",
    blocked: (signature) =>
      signature === null ? "Gesperrt: enthält Schadsoftware" : `Gesperrt: enthält ${signature}`,
    blockedHint:
      "Niemand kann sie öffnen oder herunterladen. Sollte sie harmlos sein, bitten Sie einen Administrator, sie anzusehen.",
    unscannable: "Gesperrt: konnte nicht auf Viren geprüft werden",
    deleted: "Diese Datei ist im Papierkorb.",
    released: "Von einem Administrator freigegeben, obwohl die Prüfung sie gesperrt hat",
    making: "Die Vorschau wird erstellt",
    makingHint: "Die Datei selbst ist bereit und lässt sich herunterladen.",
    undrawn: "Die Vorschau konnte nicht erstellt werden",
    undrawnHint: "Die Datei selbst ist bereit und lässt sich herunterladen.",
    none: "Für Dateien dieser Art gibt es keine Vorschau.",
    noneHint: "Laden Sie sie herunter, um sie anzusehen.",
    failed: (why) => `Die Vorschau konnte nicht geladen werden. ${why}`,
    zoomIn: "Vergrößern",
    zoomOut: "Verkleinern",
    zoomReset: "Alles zeigen",
    zoomed: (percent) => `${percent} %`,
    image: (filename) => `Bild: ${filename}`,
    page: (page, pages) => (pages === undefined ? `Seite ${page}` : `Seite ${page} von ${pages}`),
    pages: "Seiten",
    nextPage: "Nächste Seite",
    previousPage: "Vorherige Seite",
    drawingPage: (page) => `Seite ${page} wird gezeichnet`,
    unplayable: "Ihr Browser kann diese Datei nicht abspielen. Laden Sie sie herunter.",
    tableOf: (filename) => `Tabelle: ${filename}`,
    shownInPart: "Nur der erste Teil wird gezeigt. Laden Sie die Datei herunter, um alles zu sehen.",
    textOf: (filename) => `Text: ${filename}`,
    loadingDetails: "Wird geladen",
    facts: "Angaben",
    factNames: {
      name: "Name",
      type: "Typ",
      size: "Größe",
      uploaded: "Hochgeladen",
      by: "Von",
      tags: "Schlagwörter",
      dimensions: "Maße",
      duration: "Länge",
      pages: "Seiten",
      title: "Titel",
      author: "Verfasser",
      taken: "Aufgenommen",
      camera: "Kamera",
      artist: "Interpret",
      lines: "Zeilen",
      attachedTo: "Gehört zu",
      digest: "SHA-256",
    },
    dimensions: (width, height) => `${width} × ${height} Pixel`,
    versions: "Versionen",
    version: (version) => `Version ${version}`,
    currentVersion: "Aktuell",
    downloadVersion: "Herunterladen",
    useVersion: "Zur aktuellen machen",
    renaming: (filename) => `${filename} umbenennen`,
    save: "Speichern",
    shares: "Geteilt mit",
    timeline: "Verlauf",
  },
  share: shareDe,
  timeline: timelineDe,
};
