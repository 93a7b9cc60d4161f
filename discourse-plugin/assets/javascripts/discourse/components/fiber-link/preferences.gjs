import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { fn } from "@ember/helper";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import { service } from "@ember/service";
import DToggleSwitch from "discourse/ui-kit/d-toggle-switch";
import { i18n } from "discourse-i18n";
import failureOf from "../../lib/fiber-link/failure-of";
import { savePreferences } from "../../lib/fiber-link/wallet-api";
import FiberLinkFailureNote from "./failure-note";

const NAMES = ["accepts_tips", "notified", "on_leaderboard"];

/** @type {any} Discourse declares nothing about the attributes it takes. */
const ToggleSwitch = DToggleSwitch;

// Each switch is saved as soon as it is thrown. One that could not be saved goes back.
/** @extends {Component<{ Element: HTMLDivElement, Args: { preferences: { accepts_tips: boolean, notified: boolean, on_leaderboard: boolean } } }>} */
export default class FiberLinkPreferences extends Component {
  @service a11y;
  @service siteSettings;

  @tracked failure = null;
  @tracked saving = null;
  @tracked chosen = null;

  get preferences() {
    return this.chosen ?? this.args.preferences;
  }

  get switches() {
    return NAMES.filter(
      (name) =>
        name !== "on_leaderboard" ||
        this.siteSettings.fiber_link_leaderboard_enabled
    ).map((name) => ({
      name,
      isOn: this.preferences[name],
      label: i18n(`fiber_link.preferences.${name}`),
      meaning: i18n(`fiber_link.preferences.${name}_meaning`),
    }));
  }

  @action
  async toggle(name) {
    if (this.saving) {
      return;
    }
    const before = this.preferences;
    const changes = { [name]: !before[name] };

    this.saving = name;
    this.failure = null;
    this.chosen = { ...before, ...changes };
    try {
      const { preferences } = await savePreferences(changes);
      this.chosen = preferences;
      this.a11y.announce(i18n("fiber_link.preferences.saved"), "polite");
    } catch (error) {
      this.chosen = before;
      this.failure = failureOf(error);
    } finally {
      this.saving = null;
    }
  }

  <template>
    <div class="fiber-link-preferences" ...attributes>
      {{#each this.switches key="name" as |preference|}}
        <div
          class="fiber-link-preferences__preference"
          data-setting-name={{preference.name}}
        >
          <ToggleSwitch
            @state={{preference.isOn}}
            @translatedLabel={{preference.label}}
            aria-busy={{if this.saving "true" "false"}}
            aria-label={{preference.label}}
            class="fiber-link-preferences__switch"
            {{on "click" (fn this.toggle preference.name)}}
          />
          <p class="fiber-link-preferences__meaning">{{preference.meaning}}</p>
        </div>
      {{/each}}
      {{#if this.failure}}
        <FiberLinkFailureNote @failure={{this.failure}} />
      {{/if}}
    </div>
  </template>
}
