import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../styles/index.css";
import "./styles/demo.css";
import { App } from "./app.tsx";
import { installLine } from "./line/line.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root.");
// Before anything is asked of the server.
const line = installLine(globalThis);
createRoot(root).render(
  <StrictMode>
    <App line={line} />
  </StrictMode>,
);
