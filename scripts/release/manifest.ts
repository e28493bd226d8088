/** The members of package.json that a release reads. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly repository: { readonly url: string };
  readonly homepage: string;
  readonly bugs: { readonly url: string };
  readonly exports: ExportTargets;
  readonly bin: ExportTargets;
}

export type ExportTargets = string | { readonly [condition: string]: ExportTargets };
