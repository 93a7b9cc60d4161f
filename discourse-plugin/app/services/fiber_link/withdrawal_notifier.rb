# frozen_string_literal: true

module FiberLink
  # Tells creators how their withdrawals ended. It is their money: no preference mutes it.
  class WithdrawalNotifier
    KINDS = {
      "withdrawal.completed" => "completed",
      "withdrawal.failed" => "failed",
      # After its funds were made available again; the operator of the server bears it.
      "withdrawal.paid_late" => "paid_late",
    }.freeze

    # `withdrawal` is an Answer; `at` is when it ended.
    def self.ended(type, withdrawal, at)
      return if at < FeedPosition.current.notified_from
      account = ForumId.parse(withdrawal.string("userId"))
      user = User.find_by(id: FormerAccount.current_id(account))
      kind = KINDS.fetch(type)
      id = withdrawal.string("id")
      data = {
        kind: kind,
        withdrawal_id: id,
        asset: withdrawal.string("asset"),
        amount: Amount.format(withdrawal.amount("amount")),
      }
      tell(user, data) unless user.nil? || told?(user, kind, id)
    end

    # A mistake there is no reason to stop the events that follow.
    def self.tell(user, data)
      Notification.transaction(requires_new: true) do
        Notification.create!(
          notification_type: Notification.types[:fiber_link_withdrawal],
          user_id: user.id,
          data: data.to_json,
        )
      end
    rescue StandardError => e
      raise if DatabaseError.of_transaction?(e)
      id = data[:withdrawal_id]
      Discourse.warn_exception(e, message: "fiber-link: nobody was notified of #{id}")
    end

    # Events come again when the server's are read anew.
    def self.told?(user, kind, id)
      Notification
        .where(user_id: user.id, notification_type: Notification.types[:fiber_link_withdrawal])
        .where("data::json ->> 'kind' = ? AND data::json ->> 'withdrawal_id' = ?", kind, id)
        .exists?
    end
    private_class_method :tell, :told?
  end
end
