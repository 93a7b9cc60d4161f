# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::WithdrawalsController, "#quote" do
  include_context "with somebody who withdraws"

  let(:quote) do
    {
      asset: "CKB",
      amount: "61",
      minimumAmount: "0.00000001",
      maxAmount: "61.38613861",
      availableBalance: "62",
      lockedBalance: "0",
      networkFee: "0.61",
      receiveAmount: "61",
      destinationValid: true,
      validationMessage: nil,
      reviewRequired: false,
    }
  end
  let(:terms) { { asset: "CKB", amount: "61", destination: invoice } }

  before { server_answers("withdrawal.quote", quote) }

  def request(params = terms)
    post "/fiber-link/withdrawals/quote.json", params: params
  end

  it_behaves_like "an endpoint of one's own", limit: 60
  it_behaves_like "an endpoint that needs the server", "withdrawal.quote"

  it "says what it would cost" do
    sign_in(current_user)
    request
    expect(response.status).to eq(200)
    expect(response).to match_fiber_link_schema("quote")
    expect(response.parsed_body["quote"]).to eq(
      "asset" => "CKB",
      "amount" => "61",
      "fee" => "0.61",
      "total" => "61.61",
      "minimum" => "0.00000001",
      "maximum" => "61.38613861",
      "available" => "62",
      "valid" => true,
      "message" => nil,
      "review" => false,
    )
    expect(asked("withdrawal.quote")).to eq(
      [
        "userId" => current_user.id.to_s,
        "asset" => "CKB",
        "amount" => "61",
        "destination" => {
          "kind" => "PAYMENT_REQUEST",
          "paymentRequest" => invoice,
        },
      ],
    )
  end

  it "adds large and small amounts exactly" do
    server_answers(
      "withdrawal.quote",
      quote.merge(amount: "123456789012.00000001", networkFee: "0.10000009"),
    )
    sign_in(current_user)
    request
    expect(response.parsed_body["quote"]["total"]).to eq("123456789012.1000001")
  end

  it "leaves the amount to the invoice where none is said" do
    sign_in(current_user)
    request(terms.except(:amount))
    expect(response.status).to eq(200)
    expect(asked("withdrawal.quote").first).not_to have_key("amount")
  end

  it "tells addresses from invoices, and takes our own link for an invoice" do
    sign_in(current_user)
    ["ckt1qzda0", " CKB1QZDA0 \n", "fiber:#{invoice}"].each do |text|
      request(terms.merge(destination: text))
    end
    expect(asked("withdrawal.quote").map { |params| params["destination"] }).to eq(
      [
        { "kind" => "CKB_ADDRESS", "address" => "ckt1qzda0" },
        { "kind" => "CKB_ADDRESS", "address" => "CKB1QZDA0" },
        { "kind" => "PAYMENT_REQUEST", "paymentRequest" => invoice },
      ],
    )
  end

  it "says in words why it would be refused" do
    message = "Amount exceeds your available balance."
    server_answers("withdrawal.quote", quote.merge(validationMessage: message))
    sign_in(current_user)
    request
    expect(response.parsed_body["quote"]).to include("valid" => false, "message" => message)
  end

  it "has words where the server has none" do
    server_answers("withdrawal.quote", quote.merge(destinationValid: false))
    sign_in(current_user)
    request
    expect(response.parsed_body["quote"]).to include(
      "valid" => false,
      "message" => I18n.t("fiber_link.withdrawal.bad_destination"),
    )
  end

  it "answers what was typed with words beside its field, and asks the server nothing" do
    sign_in(current_user)
    {
      { amount: "ten" } => "amount",
      { amount: "0" } => "amount",
      { amount: "-1" } => "amount",
      { amount: "1e3" } => "amount",
      { amount: "1.0000000000000000001" } => "amount",
      { destination: "two words" } => "destination",
      { destination: "fibt1é" } => "destination",
      { destination: "f" * 4097 } => "destination",
    }.each do |bad, field|
      request(terms.merge(bad))
      expect([bad, response.status]).to eq([bad, 422])
      expect(response.parsed_body).to include("error_type" => "fiber_link_refused")
      expect(response.parsed_body["extras"]).to match(
        "reason" => "invalid",
        "fields" => [{ "field" => field, "message" => response.parsed_body["errors"].first }],
      )
    end
    expect(asked("withdrawal.quote")).to eq([])
  end

  it "answers what no page sends with 400" do
    sign_in(current_user)
    [
      terms.except(:asset),
      terms.except(:destination),
      terms.merge(asset: ["CKB"]),
      terms.merge(asset: "CKB\u0000"),
      terms.merge(amount: { "0" => "1" }),
      terms.merge(destination: ["x"]),
      terms.merge(destination: "f" * 9000),
    ].each do |bad|
      request(bad)
      expect(response.status).to eq(400)
      expect(response.parsed_body["error_type"]).to eq("invalid_parameters")
    end
  end

  it "names the fields of the form where the server names its own" do
    issues = [{ field: "destination.paymentRequest", message: "is not a Fiber invoice" }]
    server_refuses("withdrawal.quote", -32_602, "Invalid params", { issues: issues })
    sign_in(current_user)
    request
    expect(response.status).to eq(422)
    expect(response.parsed_body["errors"]).to eq(["is not a Fiber invoice"])
    expect(response.parsed_body["extras"]).to eq(
      "reason" => "invalid",
      "fields" => [{ "field" => "destination", "message" => "is not a Fiber invoice" }],
    )
  end

  it "says beside the field what is wrong with it" do
    message = "must have at most 8 decimals for CKB, got 9"
    issues = [{ field: "amount", message: message }]
    server_refuses("withdrawal.quote", -32_602, "Invalid params", { issues: issues })
    sign_in(current_user)
    request
    expect(response.parsed_body["errors"]).to eq([I18n.t("fiber_link.refused.invalid")])
    expect(response.parsed_body["extras"]["fields"]).to eq(
      [{ "field" => "amount", "message" => message }],
    )
  end

  it "takes numbers where amounts should be, and missing fields, for no answer" do
    sign_in(current_user)
    quote.each_key do |name|
      next if name.in?(%i[lockedBalance receiveAmount validationMessage])
      server_answers("withdrawal.quote", quote.except(name))
      request
      expect([name, response.status]).to eq([name, 503])
      server_answers("withdrawal.quote", quote.merge(name => 61.5))
      request
      expect([name, response.status]).to eq([name, 503])
    end
  end
end
