import type { MarkdownRenderer } from 'vitepress';

/**
 * Render Mermaid blocks with the component `MermaidDiagram`. The component shows the source until the diagram is drawn,
 * which includes browsers without JavaScript.
 */
export function renderMermaid(md: MarkdownRenderer): void {
  const renderFence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const fence = tokens[index];
    if (fence?.info.trim() === 'mermaid') {
      const source = md.utils.escapeHtml(fence.content.trim());
      return `<MermaidDiagram source="${encodeURIComponent(fence.content)}"><pre v-pre>${source}</pre></MermaidDiagram>\n`;
    }
    return renderFence?.(tokens, index, options, env, self) ?? '';
  };
}

/** Inline code can contain `{{ }}`, for example of Helm, which Vue would evaluate. */
export function keepBraces(md: MarkdownRenderer): void {
  md.renderer.rules.code_inline = (tokens, index) =>
    `<code v-pre>${md.utils.escapeHtml(tokens[index]?.content ?? '')}</code>`;
}
