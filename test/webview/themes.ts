/** The variables that VS Code gives to a webview under its own default themes, as far as the drawings read them. */

const FONTS = {
  'font-family': '"Segoe UI", "DejaVu Sans", sans-serif',
  'font-size': '13px',
  'font-weight': 'normal',
  'editor-font-family': '"DejaVu Sans Mono", monospace',
  'editor-font-size': '14px',
};

export interface Theme {
  /** The class that VS Code puts on the body. */
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
      'charts-blue': '#3794ff',
      'charts-yellow': '#cca700',
      'charts-orange': '#d18616',
      'charts-green': '#89d185',
      'charts-purple': '#b180d7',
      'toolbar-hoverBackground': '#5a5d5e50',
      'inputOption-activeBackground': '#2489db82',
      'inputOption-activeForeground': '#ffffff',
      'panelTitle-activeForeground': '#cccccc',
      'panelTitle-inactiveForeground': '#9d9d9d',
      'textLink-foreground': '#4daafc',
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
      'charts-blue': '#1a85ff',
      'charts-yellow': '#bf8803',
      'charts-orange': '#d18616',
      'charts-green': '#388a34',
      'charts-purple': '#652d90',
      'toolbar-hoverBackground': '#b8b8b850',
      'inputOption-activeBackground': '#bed6ed',
      'inputOption-activeForeground': '#000000',
      'panelTitle-activeForeground': '#3b3b3b',
      'panelTitle-inactiveForeground': '#3b3b3b',
      'textLink-foreground': '#005fb8',
    },
  },
  contrast: {
    class: 'vscode-high-contrast',
    variables: {
      ...FONTS,
      foreground: '#ffffff',
      descriptionForeground: '#ffffffb3',
      'editor-background': '#000000',
      'editor-foreground': '#ffffff',
      focusBorder: '#f38518',
      contrastBorder: '#6fc3df',
      contrastActiveBorder: '#f38518',
      'charts-foreground': '#ffffff',
      'charts-red': '#f48771',
      'charts-blue': '#3794ff',
      'charts-yellow': '#ffd370',
      'charts-orange': '#d18616',
      'charts-green': '#89d185',
      'charts-purple': '#b180d7',
      'inputOption-activeBackground': '#00000000',
      'inputOption-activeForeground': '#ffffff',
      'panelTitle-activeForeground': '#ffffff',
      'panelTitle-inactiveForeground': '#ffffff',
      'textLink-foreground': '#21a6ff',
    },
  },
  'contrast-light': {
    class: 'vscode-high-contrast-light',
    variables: {
      ...FONTS,
      foreground: '#292929',
      descriptionForeground: '#292929b3',
      'editor-background': '#ffffff',
      'editor-foreground': '#292929',
      focusBorder: '#006bbd',
      contrastBorder: '#0f4a85',
      contrastActiveBorder: '#006bbd',
      'charts-foreground': '#292929',
      'charts-red': '#b5200d',
      'charts-blue': '#1a85ff',
      'charts-yellow': '#895503',
      'charts-orange': '#d18616',
      'charts-green': '#374e06',
      'charts-purple': '#652d90',
      'inputOption-activeBackground': '#00000000',
      'inputOption-activeForeground': '#292929',
      'panelTitle-activeForeground': '#292929',
      'panelTitle-inactiveForeground': '#292929',
      'textLink-foreground': '#0f4a85',
    },
  },
} as const satisfies Record<string, Theme>;

export type ThemeName = keyof typeof THEMES;
