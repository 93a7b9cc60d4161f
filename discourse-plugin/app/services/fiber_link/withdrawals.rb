# frozen_string_literal: true

module FiberLink
  # The withdrawals of an account. All of them are the server's; nothing is kept here.
  class Withdrawals
    PAGE = 20
    STATES = {
      "AWAITING_REVIEW" => "awaiting_review",
      "LIQUIDITY_PENDING" => "waiting_for_liquidity",
      "PENDING" => "pending",
      "PROCESSING" => "processing",
      "RETRY_PENDING" => "retrying",
      "COMPLETED" => "completed",
      "FAILED" => "failed",
      "RELEASED" => "released",
      "PAID_AFTER_RELEASE" => "paid_after_release",
    }.freeze
    # So often an unknown state is said in the log.
    UNKNOWN_KEY = "fiber-link:unknown-state"
    UNKNOWN_SECONDS = 1.day.to_i

    # `account` is an id that the server knows it by.
    def initialize(account)
      @account = account
    end

    def page(before: nil)
      answer = call("withdrawal.list", { limit: PAGE, before: before }.compact)
      {
        withdrawals: answer.objects("items", limit: PAGE).map { |item| withdrawal(item) },
        next: answer.optional(:string, "nextCursor"),
      }
    end

    # Promises nothing and changes nothing. Without an amount it is what the invoice asks.
    def quote(asset:, amount:, destination:)
      params = { asset: asset, amount: amount && Amount.format(amount) }.compact
      quoted(call("withdrawal.quote", params.merge(destination: destination.to_wire)))
    end

    # Sent once: whether the same key is sent again is for the person to decide.
    def request(asset:, amount:, fee:, destination:, idempotency_key:)
      answer =
        call(
          "withdrawal.request",
          {
            asset: asset,
            amount: Amount.format(amount),
            destination: destination.to_wire,
            networkFeeLimit: Amount.format(fee),
            idempotencyKey: idempotency_key,
          },
        )
      requested(answer, destination)
    end

    private

    def call(method, params)
      Client.call(method, { userId: @account.to_s }.merge(params))
    rescue Refused => e
      raise WithdrawalRefusal.of(e)
    end

    def withdrawal(answer)
      paid = answer.optional(:amount, "networkFee")
      terms(answer).merge(
        fee: Amount.format(paid || answer.amount("networkFeeLimit")),
        fee_is_final: !paid.nil?,
        destination: Destination.text(answer.object("destination")),
        updated_at: answer.time("updatedAt"),
        next_attempt_at: answer.optional(:time, "nextRetryAt"),
        reason: PlainText.line(answer.words("reason"), 300),
      )
    end

    def requested(answer, destination)
      terms(answer).merge(
        fee: Amount.format(answer.amount("networkFeeLimit")),
        fee_is_final: false,
        destination: destination.text,
        updated_at: answer.time("createdAt"),
        next_attempt_at: nil,
        reason: nil,
      )
    end

    def terms(answer)
      {
        id: answer.string("id"),
        state: state(answer.string("state")),
        asset: answer.string("asset"),
        amount: Amount.format(answer.amount("amount")),
        created_at: answer.time("createdAt"),
      }
    end

    # A newer server may have a state more; that is no reason to hide all the others.
    def state(name)
      STATES.fetch(name) do
        if Discourse.redis.set("#{UNKNOWN_KEY}:#{name}", "1", ex: UNKNOWN_SECONDS, nx: true)
          Discourse.warn("fiber-link: a withdrawal is in a state that is not known: #{name}")
        end
        "unknown"
      end
    end

    def quoted(answer)
      amount = answer.amount("amount")
      fee = answer.amount("networkFee")
      message = PlainText.line(answer.words("validationMessage"), 300)
      good = answer.boolean("destinationValid") && message.nil?
      {
        asset: answer.string("asset"),
        amount: Amount.format(amount),
        fee: Amount.format(fee),
        total: Amount.format(amount + fee),
        minimum: Amount.format(answer.amount("minimumAmount")),
        maximum: Amount.format(answer.amount("maxAmount")),
        available: Amount.format(answer.amount("availableBalance")),
        valid: good,
        message: good ? nil : message || I18n.t("fiber_link.withdrawal.bad_destination"),
        review: answer.boolean("reviewRequired"),
      }
    end
  end
end
