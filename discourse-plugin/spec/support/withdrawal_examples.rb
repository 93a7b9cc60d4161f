# frozen_string_literal: true

RSpec.shared_context "with somebody who withdraws" do
  include_context "with a Fiber Link server"

  fab!(:current_user, :user)
  let(:invoice) { "fibt1#{"q" * 400}" }
end
