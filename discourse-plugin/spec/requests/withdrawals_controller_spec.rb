# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::WithdrawalsController do
  include_context "with somebody who withdraws"

  let(:item) do
    {
      id: "7b6c2f0e-6a3e-4a52-9a3a-3f1f4f1b2a11",
      userId: current_user.id.to_s,
      asset: "CKB",
      amount: "61",
      state: "LIQUIDITY_PENDING",
      networkFeeLimit: "0.61",
      networkFee: nil,
      destination: {
        kind: "PAYMENT_REQUEST",
        paymentRequest: invoice,
      },
      createdAt: "2026-11-28T08:53:20.000Z",
      updatedAt: "2026-11-28T08:53:21.000Z",
      nextRetryAt: "2026-11-28T08:54:21.000Z",
      reason: nil,
    }
  end

  describe "#index" do
    before { server_answers("withdrawal.list", { items: [item], nextCursor: "a-cursor" }) }

    def request(params = {})
      get "/fiber-link/withdrawals.json", params: params
    end

    it_behaves_like "an endpoint of one's own", limit: 60
    it_behaves_like "an endpoint that needs the server", "withdrawal.list"

    it "shows one's own withdrawals a page at a time" do
      sign_in(current_user)
      request(before: "the-cursor", userId: "1", user_id: "1")
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("withdrawals")
      expect(asked("withdrawal.list")).to eq(
        ["userId" => current_user.id.to_s, "limit" => 20, "before" => "the-cursor"],
      )
      expect(response.parsed_body["next"]).to eq("a-cursor")
      expect(response.parsed_body["withdrawals"].first).to include(
        "state" => "waiting_for_liquidity",
        "amount" => "61",
        "fee" => "0.61",
        "fee_is_final" => false,
        "destination" => invoice,
      )
    end

    it "shows the fee that was paid once it is known, and why one failed" do
      paid = item.merge(state: "COMPLETED", networkFee: "0.00200000", nextRetryAt: nil)
      address = { kind: "CKB_ADDRESS", address: "ckt1qz" }
      reason = "no way\n\u202eto <b>it</b>"
      failed = item.merge(state: "FAILED", reason: reason, destination: address)
      server_answers("withdrawal.list", { items: [paid, failed], nextCursor: nil })
      sign_in(current_user)
      request
      expect(response).to match_fiber_link_schema("withdrawals")
      shown = response.parsed_body["withdrawals"]
      expect(shown.first).to include("fee" => "0.002", "fee_is_final" => true)
      expect(shown.second).to include("reason" => "no way to <b>it</b>", "destination" => "ckt1qz")
      expect(response.parsed_body["next"]).to be_nil
    end

    it "has a word for every state of the server" do
      states = %w[
        AWAITING_REVIEW
        LIQUIDITY_PENDING
        PENDING
        PROCESSING
        RETRY_PENDING
        COMPLETED
        FAILED
        RELEASED
        PAID_AFTER_RELEASE
      ]
      items = states.map { |state| item.merge(state: state) }
      server_answers("withdrawal.list", { items: items, nextCursor: nil })
      sign_in(current_user)
      request
      expect(response).to match_fiber_link_schema("withdrawals")
      expect(response.parsed_body["withdrawals"].map { |shown| shown["state"] }.uniq.size).to eq(9)
    end

    it "shows a withdrawal in a state that it does not know among the others, and logs it once" do
      items = [item, item.merge(id: "w-2", state: "LOST")]
      server_answers("withdrawal.list", { items: items, nextCursor: nil })
      sign_in(current_user)
      2.times { request }
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("withdrawals")
      states = response.parsed_body["withdrawals"].map { |shown| shown["state"] }
      expect(states).to eq(%w[waiting_for_liquidity unknown])
      expect(Discourse.redis.ttl("fiber-link:unknown-state:LOST")).to be > 1.hour
    end

    it "shows nothing of an answer with a wrong field" do
      sign_in(current_user)
      [
        { amount: 61 },
        { amount: "-61" },
        { amount: "6e9" },
        { amount: "NaN" },
        { state: 7 },
        { networkFeeLimit: nil },
        { createdAt: "yesterday" },
        { destination: nil },
        { destination: { kind: "POST_BOX", address: "7" } },
        { destination: { kind: "PAYMENT_REQUEST", paymentRequest: "x" * 5000 } },
        { reason: { text: "no" } },
        { id: nil },
      ].each do |wrong|
        server_answers("withdrawal.list", { items: [item.merge(wrong)], nextCursor: nil })
        request
        expect([wrong, response.status]).to eq([wrong, 503])
      end
    end

    it "shows no more than was asked for" do
      server_answers("withdrawal.list", { items: [item] * 21, nextCursor: nil })
      sign_in(current_user)
      request
      expect(response.status).to eq(503)
    end

    it "takes one line of text for a cursor" do
      sign_in(current_user)
      [["a"], { a: 1 }, "a\0b", "a" * 256].each do |bad|
        request(before: bad)
        expect(response.status).to eq(400)
      end
      expect(asked("withdrawal.list")).to eq([])
    end
  end

  describe "#create" do
    let(:terms) do
      {
        asset: "CKB",
        amount: "61.50",
        fee: "0.61",
        destination: invoice,
        idempotency_key: "k" * 20,
      }
    end

    before { server_answers("withdrawal.request", accepted) }

    def request(params = terms)
      post "/fiber-link/withdrawals.json", params: params
    end

    it_behaves_like "an endpoint of one's own", limit: 10
    it_behaves_like "an endpoint that needs the server", "withdrawal.request"

    it "withdraws at the fee of the quote, once for one key of this user" do
      sign_in(current_user)
      request
      expect(response.status).to eq(200)
      expect(response).to match_fiber_link_schema("withdrawal_created")
      expect(response.parsed_body["withdrawal"]).to include(
        "id" => item[:id],
        "state" => "pending",
        "amount" => "61.5",
        "fee" => "0.61",
        "fee_is_final" => false,
        "destination" => invoice,
      )
      expect(asked("withdrawal.request")).to eq(
        [
          "userId" => current_user.id.to_s,
          "asset" => "CKB",
          "amount" => "61.5",
          "destination" => {
            "kind" => "PAYMENT_REQUEST",
            "paymentRequest" => invoice,
          },
          "networkFeeLimit" => "0.61",
          "idempotencyKey" => "#{current_user.id}:#{"k" * 20}",
        ],
      )
    end

    it "is for who is logged in, and for no key of the forum's API" do
      sign_in(current_user)
      %w[Api-Key User-Api-Key].each do |header|
        post "/fiber-link/withdrawals.json", params: terms, headers: { header => "k" * 64 }
        expect(response.status).to eq(403)
        expect(response.parsed_body["error_type"]).to eq("invalid_access")
      end
      expect(asked("withdrawal.request")).to eq([])
    end

    it "is never sent a second time by itself" do
      sign_in(current_user)
      server.raw { |socket, _request| socket.close }
      request
      expect(response.status).to eq(503)
      expect(asked("withdrawal.request").size).to eq(1)
    end

    it "takes a fee of nothing" do
      sign_in(current_user)
      request(terms.merge(fee: "0"))
      expect(response.status).to eq(200)
      expect(asked("withdrawal.request").first["networkFeeLimit"]).to eq("0")
    end

    it "says that the fee has changed since the quote" do
      issues = [{ field: "networkFeeLimit", message: "is 0.7 now", got: "0.61" }]
      server_refuses("withdrawal.request", -32_602, "Invalid params", { issues: issues })
      sign_in(current_user)
      request
      expect(response.status).to eq(422)
      words = I18n.t("fiber_link.withdrawal.fee_changed")
      expect(response.parsed_body["errors"]).to eq([words])
      expect(response.parsed_body["extras"]).to eq(
        "reason" => "invalid",
        "fields" => [{ "field" => "fee", "message" => words }],
      )
    end

    it "passes the server's words for people on, as text" do
      server_refuses("withdrawal.request", -32_602, "Insufficient balance for <withdrawal>\n")
      sign_in(current_user)
      request
      expect(response.status).to eq(422)
      expect(response.parsed_body["errors"]).to eq(["Insufficient balance for <withdrawal>"])
      expect(response.parsed_body["extras"]).to include("reason" => "refused")
    end

    it "speaks of withdrawals where they are paused, or the key was used for another one" do
      sign_in(current_user)
      [
        [-32_013, "paused", "paused"],
        [-32_010, "idempotency_conflict", "sent_before"],
      ].each do |code, reason, words|
        server_refuses("withdrawal.request", code, "Withdrawals are paused in this app")
        request
        expect(response.status).to eq(422)
        expect(response.parsed_body["errors"]).to eq([I18n.t("fiber_link.withdrawal.#{words}")])
        expect(response.parsed_body["extras"]).to include("reason" => reason)
      end
    end

    it "asks the server nothing without amount, fee and a key that is one" do
      sign_in(current_user)
      [
        terms.except(:amount),
        terms.except(:fee),
        terms.except(:idempotency_key),
        terms.merge(idempotency_key: "short"),
        terms.merge(idempotency_key: "k" * 129),
        terms.merge(idempotency_key: "with a space"),
        terms.merge(fee: "free"),
        terms.merge(fee: "-1"),
      ].each do |bad|
        request(bad)
        expect(response.status).to eq(400)
      end
      expect(asked("withdrawal.request")).to eq([])
    end
  end
end
