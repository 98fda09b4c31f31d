import { parseSync } from "vite";
import { z } from "zod";

/** One small change to a source file, which some test ought to notice. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** The part of an ESTree node that is looked at; positions are in the source's own text. */
const Node = z.looseObject({ type: z.string(), start: z.int(), end: z.int() });
type Node = z.infer<typeof Node>;

type Change = Pick<Mutant, "operator" | "start" | "end" | "after">;

const SWAPS: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "&&": "||",
  "||": "&&",
};

/** Types refuse an `if` with nothing but a semicolon. */
const NOTHING = "{}";

/** All mutants of a file, in the order of its text. */
export function findMutants(file: string, source: string): Mutant[] {
  const { program } = parseSync(file, source);
  const changes = [...nodesIn(program)].flatMap((node) => changesOf(node, source));
  return changes.map((change) => ({
    file,
    line: source.slice(0, change.start).split("\n").length,
    before: source.slice(change.start, change.end),
    ...change,
  }));
}

/** The file's text with the change made. */
export function applyMutant(source: string, { start, end, after }: Mutant): string {
  return source.slice(0, start) + after + source.slice(end);
}

/** A node and all below it, but for types, which nobody runs. */
function* nodesIn(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const each of value) yield* nodesIn(each);
    return;
  }
  const parsed = Node.safeParse(value);
  if (!parsed.success) return;
  const node = parsed.data;
  if (node.type === "ImportDeclaration") return;
  if (node.type.startsWith("TS")) {
    yield* nodesIn(node["expression"]);
    return;
  }
  yield node;
  for (const child of Object.values(node)) yield* nodesIn(child);
}

function changesOf(node: Node, source: string): Change[] {
  const textOf = ({ start, end }: Node) => source.slice(start, end);
  const replace = (operator: string, { start, end }: Node, after: string) => ({
    operator,
    start,
    end,
    after,
  });
  switch (node.type) {
    case "BinaryExpression":
    case "LogicalExpression":
      return swapOperator(node, source);
    case "IfStatement":
    case "ConditionalExpression": {
      const test = Node.parse(node["test"]);
      return [replace("negate", test, `!(${textOf(test)})`)];
    }
    case "UnaryExpression":
      return node["operator"] === "!" ? [replace("affirm", node, textOf(Node.parse(node["argument"])))] : [];
    case "Literal":
      return changeLiteral(node);
    case "ThrowStatement":
      return [replace("throw nothing", node, NOTHING)];
    case "ExpressionStatement":
      return isEffect(Node.parse(node["expression"])) ? [replace("leave out", node, NOTHING)] : [];
    case "AwaitExpression":
      return [replace("don't wait", node, `(${textOf(Node.parse(node["argument"]))})`)];
    default:
      return [];
  }
}

function swapOperator(node: Node, source: string): Change[] {
  const operator = String(node["operator"]);
  const other = SWAPS[operator];
  const [left, right] = [Node.parse(node["left"]), Node.parse(node["right"])];
  const start = source.indexOf(operator, left.end);
  // Behind a bracket's end, and before anything else: in a comment there might be one too.
  if (other === undefined || start < 0 || start >= right.start) return [];
  return [{ operator: `${operator} to ${other}`, start, end: start + operator.length, after: other }];
}

function changeLiteral({ start, end, value }: Node): Change[] {
  if (typeof value === "boolean") return [{ operator: "flip", start, end, after: String(!value) }];
  if (typeof value === "number") return [{ operator: "add one", start, end, after: String(value + 1) }];
  return [];
}

function isEffect({ type }: Node): boolean {
  return ["CallExpression", "AwaitExpression", "AssignmentExpression", "UpdateExpression"].includes(type);
}
