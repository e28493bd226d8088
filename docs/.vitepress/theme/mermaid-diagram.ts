import { useData } from 'vitepress';
import { defineComponent, h, onMounted, ref, watch } from 'vue';

let drawn = 0;

/** A Mermaid diagram in the colours of the page. The slot has the source, which stays until the diagram is drawn. */
export const MermaidDiagram = defineComponent({
  props: { source: { type: String, required: true } },
  setup({ source }, { slots }) {
    const { isDark } = useData();
    const svg = ref('');
    const draw = async () => {
      const { default: mermaid } = await import('mermaid');
      mermaid.initialize({
        startOnLoad: false,
        securityLevel: 'strict',
        theme: isDark.value ? 'dark' : 'neutral',
        // Background of the page, --vp-c-bg. Mermaid computes with the colour, so it must not be a variable.
        themeVariables: { edgeLabelBackground: isDark.value ? '#1b1b1f' : '#ffffff' },
        fontFamily: 'inherit',
        flowchart: { useMaxWidth: false },
        sequence: { useMaxWidth: false },
      });
      drawn += 1;
      const result = await mermaid.render(`mermaid-${drawn}`, decodeURIComponent(source));
      svg.value = result.svg;
    };
    onMounted(draw);
    watch(isDark, draw);
    return () =>
      svg.value === ''
        ? h('div', { class: 'mermaid-source' }, slots['default']?.())
        : h('div', { class: 'mermaid-diagram', innerHTML: svg.value });
  },
});
