import type { Random } from "./random.ts";

/** How names of files go, by script; the first words are the more frequent. */
const VOCABULARIES: readonly {
  readonly weight: number;
  readonly space: string;
  readonly words: readonly string[];
}[] = [
  {
    weight: 60,
    space: " ",
    words: (
      "invoice contract offer report scan photo minutes draft final letter order receipt plan budget summary meeting " +
      "customer project review annex signed copy notes statement delivery quarterly agreement proposal schedule site " +
      "survey inspection warranty insurance claim policy payroll onboarding training brochure catalogue price list"
    ).split(" "),
  },
  {
    weight: 15,
    space: "_",
    words:
      "Rechnung Angebot Vertrag Übersicht Protokoll Entwurf Größe Prüfbericht Lieferschein Kündigung".split(
        " ",
      ),
  },
  { weight: 8, space: "", words: "合同 发票 报价单 会议纪要 项目计划 客户资料 年度报告 扫描件".split(" ") },
  { weight: 6, space: " ", words: "договор счёт отчёт протокол заявление письмо приложение".split(" ") },
  { weight: 4, space: "", words: "請求書 見積書 契約書 議事録 プロジェクト 報告書".split(" ") },
  { weight: 4, space: " ", words: "عقد فاتورة تقرير عرض محضر رسالة".split(" ") },
  { weight: 3, space: " ", words: "📷 party 🎉 office résumé naïve café".split(" ") },
];

/** Occurs in one name of twenty thousand; the frequent word in every fifth or so. */
export const RARE_WORD = "zanzibar";
export const FREQUENT_WORD = "invoice";
const RARE_EVERY = 20_000;

/** Each as often in this list as its weight says. */
const VOCABULARY_BY_WEIGHT = VOCABULARIES.flatMap((each) => Array.from({ length: each.weight }, () => each));

function pick<T>(values: readonly T[], part: number): T {
  const value = values[Math.min(values.length - 1, Math.floor(part * values.length))];
  if (value === undefined) throw new Error("There is nothing to pick from.");
  return value;
}

export function makeNames(random: Random): (sequence: number) => string {
  return (sequence) => {
    const { words, space } = pick(VOCABULARY_BY_WEIGHT, random());
    // The square makes the first words the frequent ones.
    const picked = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(words, random() ** 2));
    const rare = sequence % RARE_EVERY === 77 ? [RARE_WORD] : [];
    return [...picked, ...rare, String(Math.floor(random() * 100_000))].join(space);
  };
}
