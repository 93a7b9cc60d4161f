# frozen_string_literal: true

RSpec.shared_context "with somebody who withdraws" do
  include_context "with a Fiber Link server"

  fab!(:current_user, :user)
  let(:invoice) { "fibt1#{"q" * 400}" }
  # What the server answers to a request for a withdrawal.
  let(:accepted) do
    {
      id: "7b6c2f0e-6a3e-4a52-9a3a-3f1f4f1b2a11",
      state: "PENDING",
      asset: "CKB",
      amount: "61.5",
      networkFeeLimit: "0.61",
      createdAt: "2026-11-28T08:53:20.000Z",
    }
  end
end
