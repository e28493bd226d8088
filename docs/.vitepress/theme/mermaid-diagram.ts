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
      const theme = isDark.value ? 'dark' : 'neutral';
      mermaid.initialize({ startOnLoad: false, theme, fontFamily: 'inherit', securityLevel: 'strict' });
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
