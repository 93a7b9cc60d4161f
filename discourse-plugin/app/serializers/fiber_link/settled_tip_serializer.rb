# frozen_string_literal: true

module FiberLink
  # A settled tip for whoever may see the post. Its message is between the two of them.
  class SettledTipSerializer < ::ApplicationSerializer
    attributes :id, :user, :asset, :amount, :message, :settled_at

    def id = object.tip_id
    def amount = Amount.format(object.amount)

    def user
      giver = object.named_user
      giver && BasicUserSerializer.new(giver, scope: scope, root: false).as_json
    end

    def message
      viewer = scope.user&.id
      object.message if viewer && [object.user_id, object.payee_id].include?(viewer)
    end
  end
end
