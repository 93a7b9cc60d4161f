import defaults from "virtual:site-settings";

export default class SiteSettingsService {
  static isServiceFactory = true;

  static create() {
    return { ...defaults };
  }
}
