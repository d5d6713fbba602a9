/**
 * What VS Code 1.139 gives to a webview under its own default themes, as far as the drawings read it; read from the
 * output frame of the served workbench. A variable that a theme leaves empty is not here.
 */

const FONTS = {
  'font-family': 'system-ui, "DejaVu Sans", sans-serif',
  'font-size': '13px',
  'font-weight': 'normal',
  'editor-font-family': '"DejaVu Sans Mono", monospace',
  'editor-font-size': '14px',
};

export interface Theme {
  /** The classes that VS Code puts on the body. */
  class: string;
  variables: Readonly<Record<string, string>>;
}

export const THEMES = {
  dark: {
    class: 'vscode-dark',
    variables: {
      ...FONTS,
      foreground: '#cccccc',
      descriptionForeground: '#9d9d9d',
      'editor-background': '#1f1f1f',
      'editor-foreground': '#cccccc',
      focusBorder: '#0078d4',
      'charts-foreground': '#cccccc',
      'charts-red': '#f14c4c',
      'charts-blue': '#59a4f9',
      'charts-yellow': '#cca700',
      'charts-orange': 'rgba(234, 92, 0, 0.33)',
      'charts-green': '#89d185',
      'charts-purple': '#b180d7',
      'toolbar-hoverBackground': 'rgba(90, 93, 94, 0.31)',
      'inputOption-activeBackground': 'rgba(36, 137, 219, 0.51)',
      'inputOption-activeForeground': '#ffffff',
      'inputOption-activeBorder': '#2488db',
      'panelTitle-activeForeground': '#cccccc',
      'panelTitle-inactiveForeground': '#9d9d9d',
      'textLink-foreground': '#4daafc',
      'button-border': 'rgba(255, 255, 255, 0.1)',
    },
  },
  light: {
    class: 'vscode-light',
    variables: {
      ...FONTS,
      foreground: '#3b3b3b',
      descriptionForeground: '#3b3b3b',
      'editor-background': '#ffffff',
      'editor-foreground': '#3b3b3b',
      focusBorder: '#005fb8',
      'charts-foreground': '#3b3b3b',
      'charts-red': '#e51400',
      'charts-blue': '#0063d3',
      'charts-yellow': '#bf8803',
      'charts-orange': 'rgba(234, 92, 0, 0.33)',
      'charts-green': '#388a34',
      'charts-purple': '#652d90',
      'toolbar-hoverBackground': 'rgba(184, 184, 184, 0.31)',
      'inputOption-activeBackground': '#bed6ed',
      'inputOption-activeForeground': '#000000',
      'inputOption-activeBorder': '#005fb8',
      'panelTitle-activeForeground': '#3b3b3b',
      'panelTitle-inactiveForeground': '#3b3b3b',
      'textLink-foreground': '#005fb8',
      'button-border': 'rgba(0, 0, 0, 0.1)',
    },
  },
  contrast: {
    class: 'vscode-high-contrast',
    variables: {
      ...FONTS,
      foreground: '#ffffff',
      descriptionForeground: 'rgba(255, 255, 255, 0.7)',
      'editor-background': '#000000',
      'editor-foreground': '#ffffff',
      focusBorder: '#f38518',
      contrastBorder: '#6fc3df',
      contrastActiveBorder: '#f38518',
      'charts-foreground': '#ffffff',
      'charts-red': '#f48771',
      'charts-blue': '#59a4f9',
      'charts-yellow': '#ffd370',
      'charts-green': '#89d185',
      'charts-purple': '#b180d7',
      'inputOption-activeBackground': 'rgba(0, 0, 0, 0)',
      'inputOption-activeForeground': '#ffffff',
      'inputOption-activeBorder': '#6fc3df',
      'panelTitle-activeForeground': '#ffffff',
      'panelTitle-inactiveForeground': '#ffffff',
      'textLink-foreground': '#21a6ff',
      'button-border': '#6fc3df',
    },
  },
  'contrast-light': {
    class: 'vscode-high-contrast-light vscode-high-contrast',
    variables: {
      ...FONTS,
      foreground: '#292929',
      descriptionForeground: 'rgba(41, 41, 41, 0.7)',
      'editor-background': '#ffffff',
      'editor-foreground': '#292929',
      focusBorder: '#006bbd',
      contrastBorder: '#0f4a85',
      contrastActiveBorder: '#006bbd',
      'charts-foreground': '#292929',
      'charts-red': '#b5200d',
      'charts-blue': '#0063d3',
      'charts-yellow': '#895503',
      'charts-green': '#374e06',
      'charts-purple': '#652d90',
      'inputOption-activeBackground': 'rgba(0, 0, 0, 0)',
      'inputOption-activeForeground': '#292929',
      'inputOption-activeBorder': '#0f4a85',
      'panelTitle-activeForeground': '#292929',
      'panelTitle-inactiveForeground': '#292929',
      'textLink-foreground': '#0f4a85',
      'button-border': '#0f4a85',
    },
  },
} as const satisfies Record<string, Theme>;

export type ThemeName = keyof typeof THEMES;
