import Component from "@glimmer/component";
import { action } from "@ember/object";
import { service } from "@ember/service";

export default class ModalContainer extends Component {
  @service modal;

  @action
  closeModal(data) {
    this.modal.close(data);
  }

  <template>
    <div class="modal-container">
      {{#if this.modal.activeModal}}
        <this.modal.activeModal.component
          @model={{this.modal.opts.model}}
          @closeModal={{this.closeModal}}
        />
        <div class="d-modal__backdrop"></div>
      {{/if}}
    </div>
  </template>
}
