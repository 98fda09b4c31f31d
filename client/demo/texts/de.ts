import { adminDe } from "./admin-de.ts";
import type { DemoTexts } from "./texts.ts";

export const de: DemoTexts = {
  shell: {
    product: "Causeway",
    demo: "Demo-CRM",
    skip: "Zum Inhalt springen",
    signedInAs: "Angemeldet als",
    settings: "Sprache und Darstellung",
    language: "Sprache",
    theme: "Darstellung",
    themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
    navigation: "Hauptnavigation",
    contacts: "Kontakte",
    files: "Dateien",
    trash: "Papierkorb",
    shared: "Mit mir geteilt",
    quarantine: "Quarantäne",
    failedJobs: "Fehlgeschlagene Aufträge",
    reference: "API-Referenz",
    notFound: "Diese Seite gibt es nicht.",
    toStart: "Zu den Kontakten",
  },
  signIn: {
    title: "Mit einem Token anmelden",
    why: "Dieser Server gibt keine Entwicklungs-Token aus. Fügen Sie eines ein, das Ihr CRM ausgestellt hat.",
    token: "Token",
    use: "Dieses Token verwenden",
  },
  line: {
    label: "Verbindung",
    good: "Gut",
    slow: "Langsam",
    cut: "Getrennt",
    slowNote: "Die Verbindung dieser Seite ist langsam: höchstens 256 KB in der Sekunde.",
    cutNote:
      "Die Verbindung dieser Seite ist getrennt. Uploads warten und gehen weiter, sobald sie wieder da ist.",
  },
  contact: {
    facts: { email: "E-Mail", phone: "Telefon", address: "Adresse", owner: "Zuständig" },
    title: "Kontakte",
    details: "Einzelheiten",
    attachments: "Anhänge",
    list: "Angehängte Dateien",
    count: (files) => (files === undefined ? "" : files === 1 ? "1 Datei" : `${files || "Keine"} Dateien`),
    uncounted: (areOld) =>
      areOld
        ? "Es kam keine Antwort: Die Zahlen der Dateien sind die von vorhin. Besteht eine Verbindung?"
        : "Es kam keine Antwort: Wie viele Dateien sie haben, ist nicht bekannt. Besteht eine Verbindung?",
    again: "Noch einmal versuchen",
    back: "Alle Kontakte",
  },
  admin: adminDe,
  uploads: {
    running: (files) => (files === 1 ? "1 Upload noch nicht fertig" : `${files} Uploads noch nicht fertig`),
    waiting: (files) =>
      files === 1 ? "1 Upload wartet auf die Verbindung" : `${files} Uploads warten auf die Verbindung`,
    stopped: (files, at) =>
      `${files === 1 ? "1 Upload ist stehen geblieben" : `${files} Uploads sind stehen geblieben`}${at === undefined ? "" : `, bei ${at}`}`,
    unfinished: (files, at) =>
      `${files === 1 ? "1 unfertiger Upload" : `${files} unfertige Uploads`}${at === undefined ? "" : ` bei ${at}`}`,
    switchTitle: (files) => (files === 1 ? "1 Upload anhalten?" : `${files} Uploads anhalten?`),
    switchBody: (name) => `Was gesendet ist, bleibt erhalten, und ${name} kann es hier fortsetzen.`,
    switchKeep: "Bleiben",
    switchConfirm: (name) => `Als ${name} weitermachen`,
  },
  readers: {
    title: "Wer sie hatte",
    by: {
      address: "Über signierte Adressen",
      link: "Über Links für Externe",
      public: "Über die öffentliche Adresse",
    },
    times: (times, last) => (times === 1 ? `einmal, ${last}` : `${times}-mal, zuletzt ${last}`),
    none: "Soweit es festgehalten ist, hat niemand sie geöffnet oder heruntergeladen.",
    older: (count) => `Nur die ${count} neuesten Ereignisse jeder Art sind gezählt.`,
    hint: "Aus dem Protokoll, alle Versionen zusammen. Wer sie öffnet, bekommt eine signierte Adresse; wer über diese liest, ist nicht namentlich bekannt. Kopien, die Menschen weitergeben oder Zwischenspeicher behalten, lassen sich nicht zählen; von Vorschauen und Abrufen über Adressen hat das Protokoll womöglich nur einen Teil.",
    failed: "Wer sie hatte, konnte nicht geladen werden.",
  },
  files: {
    trashNote:
      "Was gelöscht wurde, lässt sich bis zu dem Tag wiederherstellen, der dabeisteht. Dann wird es endgültig gelöscht.",
    trashRoom: (trash, quota) =>
      `Was alle hier gelöscht haben, belegt ${trash} der ${quota} Speicher, bis es endgültig gelöscht ist.`,
    largestNote: "Was Sie löschen, belegt Platz, bis es auch aus dem Papierkorb gelöscht ist.",
    back: "Alle Dateien",
    loading: "Die Datei wird geladen",
    missing: "Diese Datei gibt es nicht",
    missingHint: "Sie wurde endgültig gelöscht, oder Sie dürfen sie nicht sehen.",
    failed: "Die Datei konnte nicht geladen werden. Es ist nichts verloren.",
    again: "Noch einmal versuchen",
    preview: "Vorschau",
    details: "Angaben",
    timeline: "Verlauf",
    versions: "Versionen",
    newVersion: "Neue Version hochladen",
    sharing: "Geteilt mit",
    attachedTo: "Gehört zu",
    unattached: "Gehört zu keinem Kontakt.",
    found: (signatureName) => (signatureName === undefined ? "" : `Die Prüfung fand ${signatureName}.`),
    blockedAt: (when, signatureName) =>
      `Gesperrt am ${when}${signatureName === undefined ? "" : `: Die Prüfung fand ${signatureName}`}.`,
    releasedBy: (name, reason) => `Freigegeben von ${name}: „${reason}“`,
    versionOf: (size, version, changed, uploaded) =>
      `${size}Version ${version}, geändert ${changed}; zuerst ${uploaded}`,
    uploaded: (size, by, when) => `${size}hochgeladen von ${by}, ${when}`,
  },
};
