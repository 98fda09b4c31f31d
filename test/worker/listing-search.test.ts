import { expect, test } from "vitest";
import { newTenantId } from "../support/api.ts";
import { file, Listed, names } from "../support/lists.ts";

test("a search takes what is typed as it is, folded, and nothing as syntax", async () => {
  const listed = new Listed();
  const tenantId = newTenantId();
  const NAMES = [
    ...[
      "Invoice 2026.pdf",
      "100% done.txt",
      "100 done.txt",
      "under_score.txt",
      "under score.txt",
      "star*.txt",
    ],
    ...[
      'say "hi".txt',
      "(draft) AND more.txt",
      "near-miss.txt",
      "Résumé.pdf",
      "résumé2.pdf".normalize("NFD"),
    ],
    ...[
      "ﬁnal.txt",
      "ＦＵＬＬ.txt",
      "合同2026.pdf",
      "年度報告書.pdf",
      "🎉party🎉.png",
      "ÅNGSTRÖM.txt",
      "İstanbul.txt",
      "pizza.txt",
      "zz",
    ],
  ];
  await listed.add(...NAMES.map((each) => file(tenantId, { filename: each })));
  await listed.add(file(newTenantId(), { filename: "Invoice of another.pdf" }));
  const caller = await listed.caller({ tenantId, userId: "ann", role: "member" });
  const TABLE: readonly (readonly [q: string, found: readonly string[]])[] = [
    ["invoice", ["Invoice 2026.pdf"]],
    ["2026 INVOICE", ["Invoice 2026.pdf"]],
    ["2026 invoice zz", []],
    ["nvoic", ["Invoice 2026.pdf"]],
    ["202", ["Invoice 2026.pdf", "合同2026.pdf"]],
    ["100%", ["100% done.txt"]],
    ["10_", []],
    ["r_s", ["under_score.txt"]],
    ["und_r", []],
    ["under_", ["under_score.txt"]],
    ["star*", ["star*.txt"]],
    ["sta*", []],
    ['"hi"', ['say "hi".txt']],
    ['say "hi"', ['say "hi".txt']],
    ['"invoice 2026"', []],
    ["(draft)", ["(draft) AND more.txt"]],
    ["draft AND", ["(draft) AND more.txt"]],
    ["invoice AND 2026", []],
    ["invoice OR draft", []],
    ["NEAR(near miss)", []],
    ["near-miss", ["near-miss.txt"]],
    ["-miss", ["near-miss.txt"]],
    ["name:invoice", []],
    ["^invoice", []],
    ["resume", ["Résumé.pdf", "résumé2.pdf".normalize("NFD")]],
    ["re\u0301sume\u0301", ["Résumé.pdf", "résumé2.pdf".normalize("NFD")]],
    ["final", ["ﬁnal.txt"]],
    ["ﬁ", ["ﬁnal.txt"]],
    ["full", ["ＦＵＬＬ.txt"]],
    ["angstrom", ["ÅNGSTRÖM.txt"]],
    ["istanbul", ["İstanbul.txt"]],
    ["合同", ["合同2026.pdf"]],
    ["報告書", ["年度報告書.pdf"]],
    ["報告", []],
    ["報告 2026", []],
    ["年度 報告", ["年度報告書.pdf"]],
    ["🎉party", ["🎉party🎉.png"]],
    ["🎉", ["🎉party🎉.png"]],
    ["ty🎉", ["🎉party🎉.png"]],
    ["z", ["zz"]],
    ["zz", ["zz"]],
    ["  zz ", ["zz"]],
    ["zz a", ["pizza.txt"]],
    ["zzz", []],
    ["un", ["under_score.txt", "under score.txt"]],
    ["%", []],
    ["_", []],
    ["\u0301", NAMES],
    ["   ", NAMES],
    ["", NAMES],
    ["\u0000invoice\u0000", ["Invoice 2026.pdf"]],
  ];
  for (const [q, found] of TABLE) {
    const said = await names(caller, { q });
    expect([...said].toSorted(), q).toEqual([...found].toSorted());
    for (const sort of ["name", "size"])
      expect([...(await names(caller, { q, sort }))].toSorted(), q).toEqual([...found].toSorted());
  }
});
