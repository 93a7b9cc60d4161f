# frozen_string_literal: true

require "rails_helper"

# What was credited to an account that was merged into another is withdrawn by who has that one.
RSpec.describe FiberLink::FormerAccount do
  include_context "with somebody who withdraws"

  fab!(:merged, :user)
  fab!(:other, :user)

  let(:balance) { { asset: "CKB", available: "61.39", reserved: "0.61", pending: "0" } }
  let(:quote) do
    {
      asset: "CKB",
      amount: "61.5",
      minimumAmount: "1",
      maxAmount: "61.5",
      availableBalance: "62",
      networkFee: "0.61",
      destinationValid: true,
      validationMessage: nil,
      reviewRequired: false,
    }
  end
  let(:answers) do
    {
      "dashboard.summary" => { balancesByAsset: [balance], tips: [] },
      "withdrawal.list" => { items: [], nextCursor: nil },
      "withdrawal.quote" => quote,
      "withdrawal.request" => accepted,
    }
  end
  let(:terms) do
    { asset: "CKB", amount: "61.5", fee: "0.61", destination: invoice, idempotency_key: "k" * 20 }
  end
  let(:pages) { { "dashboard.summary" => "wallet", "withdrawal.list" => "withdrawals" } }
  let(:actions) do
    { "withdrawal.quote" => "withdrawals/quote", "withdrawal.request" => "withdrawals" }
  end

  before do
    answers.each { |method, answer| server_answers(method, answer) }
    UserMerger.new(merged, current_user).merge!
    sign_in(current_user)
  end

  # Asks each endpoint about an account, and yields the server's method and the status.
  def ask_each(params)
    pages.each { |method, page| yield method, get("/fiber-link/#{page}.json", params: params) }
    actions.each do |method, action|
      yield method, post("/fiber-link/#{action}.json", params: terms.merge(params))
    end
  end

  it "is named beside one's own balances" do
    get "/fiber-link/wallet.json"
    expect(response).to match_fiber_link_schema("wallet")
    expect(response.parsed_body["former_accounts"]).to eq(
      ["id" => merged.id.to_s, "username" => merged.username],
    )
  end

  it "is asked for, and withdrawn from, by who it belongs to" do
    ask_each({ account: merged.id.to_s }) do |method, status|
      expect([method, status]).to eq([method, 200])
      expect(asked(method).last["userId"]).to eq(merged.id.to_s)
    end
    ask_each({}) do |method, status|
      expect([method, status]).to eq([method, 200])
      expect(asked(method).last["userId"]).to eq(current_user.id.to_s)
    end
  end

  it "keeps the key of a withdrawal that was sent before the merge" do
    ask_each({ account: merged.id.to_s }) { |_method, status| expect(status).to eq(200) }
    ask_each({}) { |_method, status| expect(status).to eq(200) }
    keys = asked("withdrawal.request").map { |params| params["idempotencyKey"] }
    expect(keys).to eq(["#{merged.id}:#{"k" * 20}", "#{current_user.id}:#{"k" * 20}"])
  end

  it "is not there for anybody else, and neither is any other account" do
    accounts = [other.id, current_user.id, 0, -1, "x", "1 OR 1=1", "9" * 30, ""].map(&:to_s)
    accounts.each do |account|
      ask_each({ account: account }) do |method, status|
        expect([method, account, status]).to eq([method, account, 404])
        expect(asked(method)).to eq([])
      end
    end
    sign_in(other)
    ask_each({ account: merged.id.to_s }) do |method, status|
      expect([method, status]).to eq([method, 404])
      expect(asked(method)).to eq([])
    end
  end

  it "is no list and no object" do
    [[merged.id.to_s], { "0" => merged.id.to_s }].each do |account|
      ask_each({ account: account }) { |_method, status| expect(status).to eq(400) }
    end
  end
end
