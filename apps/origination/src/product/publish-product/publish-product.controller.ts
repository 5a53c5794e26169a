import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { deterministicId } from '@daftari/kernel';
import { Answers, Idempotent, Meta, type RequestMeta, Requires } from '@daftari/service-kit';
import type { ProductFacts } from '../domain/product.js';
import { type ProductView, productView } from '../product-view.js';
import { toProductChoice } from './product-choice.request.js';
import { PublishProductHandler } from './publish-product.handler.js';
import { PublishProductRequest } from './publish-product.request.js';
import { PRODUCT } from '../../examples.js';

const toFacts = (body: PublishProductRequest, meta: RequestMeta): ProductFacts => {
  const { terms } = body;
  return {
    productId: deterministicId('product', meta.commandId),
    tenantId: meta.tenantId,
    version: 1,
    name: body.name,
    currency: body.currency,
    minPrincipal: body.minPrincipal,
    maxPrincipal: body.maxPrincipal,
    minInstallments: body.minInstallments,
    maxInstallments: body.maxInstallments,
    terms: {
      convention: terms.convention,
      annualRatePercent: terms.annualRatePercent,
      repaymentEvery: { n: terms.repaymentEvery.n, unit: terms.repaymentEvery.unit },
      daysInYear: terms.daysInYear,
      daysInMonth: terms.daysInMonth,
      roundingMode: terms.roundingMode,
      installmentAmountInMultiplesOf: terms.installmentAmountInMultiplesOf,
      allocationStrategy: terms.allocationStrategy,
      allocationOrder: terms.allocationOrder && {
        processing: terms.allocationOrder.processing,
        order: terms.allocationOrder.order,
        future: terms.allocationOrder.future,
      },
      recalculation: terms.recalculation && {
        preClosure: terms.recalculation.preClosure,
        restFrequency: terms.recalculation.restFrequency,
        noInterestOnPastDue: terms.recalculation.noInterestOnPastDue,
      },
      interestAccruesFrom: terms.interestAccruesFrom,
      product: terms.product && toProductChoice(terms.product),
    },
    minMonthlyIncome: body.minMonthlyIncome,
    minScore: body.minScore,
    publishedAt: meta.now.toISOString(),
  };
};

@ApiTags('products')
@Controller('v1/products')
export class PublishProductController {
  constructor(private readonly handler: PublishProductHandler) {}

  /** 201 with the product; 422 `product/invalid` with every broken rule. */
  @Post()
  @Requires('products:manage')
  @Idempotent()
  @Answers(PRODUCT)
  @ApiOperation({ summary: 'Publish a product' })
  async publish(
    @Body() body: PublishProductRequest,
    @Meta() meta: RequestMeta,
  ): Promise<ProductView> {
    return productView(await this.handler.execute(toFacts(body, meta), meta));
  }
}
